// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifier keys (C2SP signed-note). */
class VerifierKeyTest {
  private static final String SPECIFICATION_EXAMPLE =
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

  @Test
  void specificationKeyRoundTrips() throws Exception {
    VerifierKey key = VerifierKey.parse(SPECIFICATION_EXAMPLE);
    assertThat(key.name()).isEqualTo("example.com/foo");
    assertThat(key.type()).isEqualTo(SignatureType.ED25519);
    assertThat(key.id()).isEqualTo(0x530d903a);
    assertThat(key.vkey()).isEqualTo(SPECIFICATION_EXAMPLE);
  }

  /** An example from the documentation of Go's golang.org/x/mod/sumdb/note. */
  @Test
  void keyFromGoVerifies() throws Exception {
    VerifierKey key =
        VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    SignedNote note =
        SignedNote.parse(
            Keys.utf8(
                "If you think cryptography is the answer to your problem,\n"
                    + "then you don't know what your problem is.\n\n"
                    + "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
                    + "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"));
    assertThat(note.verify(List.of(key))).containsOnlyKeys(key);
  }

  @Test
  void keyRoundTrips() throws Exception {
    assertThat(Keys.LOG.verifierKey().vkey())
        .isEqualTo(vkey(Keys.ORIGIN, 0x01, Keys.LOG_KEY.verificationKey().raw()));
    assertThat(VerifierKey.parse(Keys.LOG.verifierKey().vkey())).isEqualTo(Keys.LOG.verifierKey());
  }

  @Test
  void keyIdDependsOnType() throws Exception {
    VerifierKey witness = Keys.witness(1);
    VerifierKey asLog = new VerifierKey(witness.name(), SignatureType.ED25519, witness.key());
    assertThat(VerifierKey.parse(witness.vkey())).isEqualTo(witness);
    assertThat(witness.id()).isNotEqualTo(asLog.id());
  }

  static Stream<String> wrongKeys() {
    String name = "log.example";
    byte[] raw = Keys.LOG_KEY.verificationKey().raw();
    String right = vkey(name, 0x01, raw);
    String base64 = right.split("\\+", 3)[2];
    return Stream.of(
        "",
        "+",
        "++",
        "log.example",
        "log.example+12345678",
        right.replace("log.example+", "+"),
        right.replace("log.example+", "log example+"),
        right.replace("log.example+", "log\u00a0example+"),
        right.replace("log.example+", "log\nexample+"),
        right.replace("log.example+", "lag.example+"),
        right + "\n",
        right + " ",
        " " + right,
        right + "+",
        right.substring(0, right.length() - 1),
        right + "A",
        right.toUpperCase(java.util.Locale.ROOT),
        name + "+" + "0" + right.substring(name.length() + 2),
        name + right.substring(name.length(), name.length() + 9) + "+",
        // Only the spelling of the id or of the base64 is wrong.
        name
            + "+"
            + right.substring(name.length() + 1, name.length() + 9).replaceAll("[a-f]", "A")
            + "+"
            + base64,
        right.replace(base64, base64.replaceFirst("..$", "=$0")),
        // The id matches, but the key is malformed.
        vkey(name, 0x01, Arrays.copyOf(raw, 31)),
        vkey(name, 0x01, Arrays.copyOf(raw, 33)),
        vkey(name, 0x01, new byte[0]),
        vkey(name, 0x01, new byte[32]),
        // Signature types that are reserved, unassigned or not supported.
        vkey(name, 0x00, raw),
        vkey(name, 0x02, raw),
        vkey(name, 0x03, raw),
        vkey(name, 0x05, raw),
        vkey(name, 0x06, new byte[1312]),
        vkey(name, 0xfa, raw),
        vkey(name, 0xff, raw));
  }

  private static String vkey(String name, int type, byte[] key) {
    byte[] material = new byte[key.length + 1];
    material[0] = (byte) type;
    System.arraycopy(key, 0, material, 1, key.length);
    byte[] id = Sha256.hash((name + "\n").getBytes(StandardCharsets.UTF_8), material);
    return name
        + "+"
        + HexFormat.of().formatHex(id, 0, 4)
        + "+"
        + Base64.getEncoder().encodeToString(material);
  }

  @ParameterizedTest
  @MethodSource("wrongKeys")
  void malformedKeyIsRefused(String vkey) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> VerifierKey.parse(vkey))
        .withMessageContaining("vkey");
  }

  @Test
  void keyWithAnyBitFlippedIsRefused() {
    for (byte[] wrong : Keys.oneBitChanges(Keys.utf8(SPECIFICATION_EXAMPLE))) {
      String vkey = new String(wrong, StandardCharsets.ISO_8859_1);
      assertThatExceptionOfType(CheckpointParseException.class)
          .as("%s", vkey)
          .isThrownBy(() -> VerifierKey.parse(vkey));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "a b",
        "a+b",
        "a\n",
        "a\tb",
        "a\u00a0b",
        "a\u2003b",
        "a\u3000",
        "\u0085",
        "a\u0001",
        "\ud800"
      })
  void invalidNamesAreRefused(String name) {
    VerificationKey key = Keys.LOG_KEY.verificationKey();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VerifierKey(name, SignatureType.ED25519, key));
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> VerifierKey.parse(vkey(name, 0x01, key.raw())));
  }

  @Test
  void privateKeyInGoFormatIsRead() throws Exception {
    String vkey = Keys.LOG.verifierKey().vkey();
    String skey = Keys.skey();
    String id = skey.split("\\+")[3];
    String base64 = skey.split("\\+")[4];
    NoteSigner signer = NoteSigner.fromSkey(skey);
    assertThat(signer.verifierKey()).isEqualTo(Keys.LOG.verifierKey());
    assertThat(signer.sign("x\n")).isEqualTo(Keys.LOG.sign("x\n"));
    assertThat(signer.toString()).doesNotContain(base64);
    for (String wrong :
        new String[] {
          "",
          vkey,
          skey + "\n",
          skey.replace("KEY", "key"),
          skey.replace(id, "00000000"),
          skey.replace(base64, "AQ=="),
          skey.replace("+" + base64, ""),
          skey.replace("AQAA", "BAAA"),
          skey.replace("log.example", "log example"),
          skey.substring(0, skey.length() - 1)
        }) {
      assertThatExceptionOfType(CheckpointParseException.class)
          .as(wrong)
          .isThrownBy(() -> NoteSigner.fromSkey(wrong))
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("AQAA", "BAAA"));
    }
  }
}
