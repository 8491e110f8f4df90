// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.PolicyText.Recorded;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The record of a policy that comes into force. */
class PolicyTextTest {
  private static final PolicyText PLAIN = PolicyText.ofFile("version: 1\nrules: []\n");
  private static final PolicyText FULL =
      PLAIN
          .withApprovers(List.of("ann+0a0b0c0d+AQ", "bob+0a0b0c0e+AQ"))
          .withSignature(Optional.of(new Signature(7, "text\n\n\u2014 ops AAAA\n")));

  @Test
  void plainTextHasOnlyTheEarlierMembers() throws Exception {
    assertThat(details(PLAIN).propertyNames()).containsExactly("digest", "files", "length");
  }

  @Test
  void approversAndSignatureAreReadBack() throws Exception {
    assertThat(details(FULL).propertyNames())
        .containsExactly("approvers", "digest", "files", "length", "number", "signature");
    Recorded recorded = PolicyText.read(JsonFields.of(details(FULL), "details"));
    assertThat(recorded.text()).contains(FULL);
    assertThat(recorded.approvers()).isEqualTo(FULL.approvers());
    assertThat(recorded.signature()).isEqualTo(FULL.signature());
    assertThat(recorded.isProven()).isTrue();
  }

  @Test
  void digestDependsOnTheFilesOnly() {
    assertThat(FULL.digest()).isEqualTo(PLAIN.digest());
  }

  @Test
  void recordNamesItsDigest() {
    for (PolicyText text : List.of(PLAIN, FULL)) {
      byte[] payload = payload(text);
      assertThat(PolicyText.records(payload, text.digest())).isTrue();
      assertThat(PolicyText.records(payload, "sha256:" + "0".repeat(64))).isFalse();
      assertThat(PolicyText.records("{}".getBytes(StandardCharsets.UTF_8), text.digest()))
          .isFalse();
    }
  }

  private static byte[] payload(PolicyText text) {
    return text.toEvent(Clock.systemUTC()).content().bytes();
  }

  private static JsonNode details(PolicyText text) throws Exception {
    return CanonicalJson.read(payload(text)).path("details");
  }
}
