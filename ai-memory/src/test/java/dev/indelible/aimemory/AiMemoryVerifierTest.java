// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.indelible.crypto.KeyRing;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Rows of ai-memory 0.7. A program in another language computed the expected hashes. */
class AiMemoryVerifierTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final String PAYLOAD_HASH =
      "239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5";
  private static final String FIRST_HASH =
      "ff8557d69fbb94cf3de51bc6630349fe3a4aee1b2ed4a8ccb211b7c6439dddf9";
  private static final String SECOND_HASH =
      "883228992d7a6c45b5de7e82bb34628f3a62e76310e20635f38a455a5d90264c";
  private static final String ROOT =
      "e30b390e788c8dfbfdde189f5228ecbafec653ae47dfcd3901911f32e3ec9d65";

  private static AiMemoryRow first() {
    return new AiMemoryRow(
        1,
        utf8("00000000-0000-4000-8000-000000000001"),
        utf8("agent:\u00e9"),
        utf8("governance.refusal"),
        HEX.parseHex(PAYLOAD_HASH),
        new byte[0],
        utf8("unsigned"),
        utf8("2026-05-16T07:14:59.123456789+00:00"),
        new byte[32],
        Optional.empty());
  }

  private static AiMemoryRow second() {
    byte[] signature = new byte[64];
    for (int i = 0; i < signature.length; i++) {
      signature[i] = (byte) i;
    }
    return new AiMemoryRow(
        2,
        utf8("00000000-0000-4000-8000-000000000002"),
        utf8("ai:daemon"),
        utf8("governance.check"),
        HEX.parseHex(PAYLOAD_HASH),
        signature,
        utf8("daemon_signed"),
        utf8("2026-05-16T07:15:00+00:00"),
        HEX.parseHex(FIRST_HASH),
        Optional.empty());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void rowBytesMatchAiMemory() {
    assertThat(HEX.formatHex(first().canonicalBytes()))
        .isEqualTo(
            "30303030303030302d303030302d343030302d383030302d303030303030303030303031"
                + "1f6167656e743ac3a91f676f7665726e616e63652e7265667573616c1f239f59ed55e737"
                + "c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e51f1f756e7369676e65641f"
                + "323032362d30352d31365430373a31343a35392e3132333435363738392b30303a30301f"
                + "0000000000000001");
    assertThat(HEX.formatHex(first().hash())).isEqualTo(FIRST_HASH);
    assertThat(HEX.formatHex(second().hash())).isEqualTo(SECOND_HASH);
  }

  @Test
  void lastHashAndRootMatchTheRows() {
    AiMemoryVerifier verifier = new AiMemoryVerifier(KeyRing.of(List.of()));
    verifier.row(first());
    verifier.row(second());

    VerificationReport report = verifier.report();
    assertThat(report.rows()).isEqualTo(2);
    assertThat(report.head().hex()).isEqualTo(SECOND_HASH);
    assertThat(verifier.root().hex()).isEqualTo(ROOT);
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.faults()).isEqualTo(1);
    assertThat(report.findings())
        .filteredOn(Finding::counts)
        .extracting(Finding::check, Finding::status)
        .contains(tuple("signature", Status.UNKNOWN))
        .contains(tuple("link", Status.OK));
  }

  @Test
  void adoptedChainMatchesByItsRoot() {
    AdoptedChain one = chain(1, root(first()));
    AdoptedChain two = chain(2, ROOT);
    assertThat(finding(Map.of(4L, one, 7L, two)).sequence()).hasValue(7);
    assertThat(finding(Map.of(4L, one)).message()).contains("1 rows after them are not covered");
    assertThat(finding(Map.of(4L, chain(1, ROOT))).status()).isEqualTo(Status.BROKEN);
    assertThat(finding(Map.of(4L, chain(2, ""))).status()).isEqualTo(Status.BROKEN);
    assertThat(finding(Map.of(4L, chain(0, ""))).status()).isEqualTo(Status.BROKEN);
    assertThat(finding(Map.of(4L, chain(3, ROOT))).status()).isEqualTo(Status.BROKEN);
    assertThat(finding(Map.of()).status()).isEqualTo(Status.UNKNOWN);
  }

  private static String root(AiMemoryRow row) {
    AiMemoryVerifier verifier = new AiMemoryVerifier(KeyRing.of(List.of()));
    verifier.row(row);
    return verifier.root().hex();
  }

  private static AdoptedChain chain(long rows, String root) {
    return new AdoptedChain(AiMemoryVerifier.FORMAT, rows, SECOND_HASH, root, "", "intact");
  }

  /** Returns the finding about a file with both rows, for a log that adopted the given chains. */
  private static Finding finding(Map<Long, AdoptedChain> adopted) {
    AiMemoryVerifier verifier = new AiMemoryVerifier(KeyRing.of(List.of()));
    AdoptionCheck check = new AdoptionCheck(new TreeMap<>(adopted));
    for (AiMemoryRow row : List.of(first(), second())) {
      verifier.row(row);
      check.row(row);
    }
    return check.finding(verifier.report());
  }
}
