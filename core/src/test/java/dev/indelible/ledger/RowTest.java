// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The bytes, signatures and links of rows, recomputed independently of the code under test. */
class RowTest {
  private final SigningKey key = SigningKey.generate();
  private final SigningKey other = SigningKey.generate();
  private final RowCheck check = new RowCheck(KeyRing.of(List.of(key.verificationKey())));
  private final List<ChainRow> rows = ChainedRows.sealed(key, 5);

  /**
   * The first row links to 32 zero bytes, and each later row to the hash of the previous record.
   */
  @Test
  void rowLinksToHashOfPreviousRecord() throws Exception {
    byte[] expected = new byte[32];
    for (int i = 0; i < rows.size(); i++) {
      ChainRow row = rows.get(i);
      assertThat(row.sequence()).isEqualTo(i + 1);
      assertThat(row.prevHash()).isEqualTo(expected);
      MessageDigest leaf = MessageDigest.getInstance("SHA-256");
      leaf.update((byte) 0);
      expected = leaf.digest(record(row));
      assertThat(row.recordHash()).isEqualTo(expected);
      assertThat(row.head()).isEqualTo(new Head(i + 1, expected));
    }
  }

  @Test
  void recordIsReadBackAsItsRow() throws Exception {
    List<ChainRow> unsigned =
        rows.stream()
            .map(row -> ChainedRows.signature(row, Optional.empty()))
            .map(row -> ChainedRows.attest(ChainedRows.keyId(row, Optional.empty()), "unsigned"))
            .toList();
    for (ChainRow row : Stream.concat(rows.stream(), unsigned.stream()).toList()) {
      ChainRow read = ChainRow.fromRecord(row.record());
      assertThat(read.payload()).isEmpty();
      assertThat(read.withPayload(row.payload().orElseThrow()).toJson()).isEqualTo(row.toJson());
      assertThat(read.record()).isEqualTo(row.record());
      assertThat(read.signedMessage()).isEqualTo(row.signedMessage());
    }
  }

  /** A record has exactly one valid form. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      delimiter = '|',
      value = {
        "\"v\":1     | \"v\":2",
        "\"v\":1     | \"v\":1.0",
        "\"v\":1     | \"w\":1",
        "\"v\":1     | \"v\":1,\"w\":1",
        "\"v\":1     | \"v\":1,\"v\":1",
        "\"v\":1}    | \"v\":1} {}",
        "\"v\":1}    | \"v\":1",
        ",            | ', '",
        "{            | [",
        "\"sequence\":3 | \"sequence\":\"3\"",
        "\"sequence\":3 | \"sequence\":03",
        "\"sequence\":3 | \"sequence\":3e0",
        "\"sequence\":3 | \"sequence\":9007199254740993",
        "\"prev_hash\":\" | \"prev_hash\":\"A",
        "\"prev_hash\":\" | \"prev_hash\":\"AB",
        "\"payload_hash\":\" | \"payload_hash\":\"xx",
        "\"signature\":\" | \"signature\":\"=",
        "\"timestamp\":   | \"sequenced\":3,\"timestamp\":",
        "agent:       | \\u0061gent:",
      })
  void otherFormsOfARecordAreRejected(String right, String wrong) {
    String record = new String(rows.get(2).record(), UTF_8);
    assertThat(record).contains(right);
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> ChainRow.fromRecord(record.replace(right, wrong).getBytes(UTF_8)));
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> ChainRow.fromRecord((record + " ".repeat(70_000)).getBytes(UTF_8)))
        .withMessageContaining("the limit is 65535");
  }

  /** Builds the record with a JSON library and checks that the row has exactly these bytes. */
  private static byte[] record(ChainRow row) throws Exception {
    ObjectNode record = unlinked(row);
    record.put("prev_hash", HexFormat.of().formatHex(row.prevHash()));
    record.put("signature", Base64.getEncoder().encodeToString(row.signature().orElseThrow()));
    byte[] bytes = CanonicalJson.write(record);
    assertThat(row.record()).isEqualTo(bytes);
    return bytes;
  }

  private static ObjectNode unlinked(ChainRow row) throws Exception {
    ObjectNode record = (ObjectNode) CanonicalJson.read("{}");
    record.put("v", 1);
    record.put("sequence", row.sequence());
    record.put("id", row.id());
    record.put("agent_id", row.agentId());
    record.put("event_type", row.eventType());
    record.put("payload_hash", HexFormat.of().formatHex(row.payloadHash()));
    record.put("attest_level", row.attestLevel());
    record.put("timestamp", row.timestamp());
    record.put("key_id", row.keyId().orElseThrow());
    return record;
  }

  /**
   * Another implementation verifies the 64-byte signature over the prefix and every field except
   * the link.
   */
  @Test
  void signatureCoversAllFieldsButTheLink() throws Exception {
    for (ChainRow row : rows) {
      byte[] prefix = "indelible/row/v1\n".getBytes(US_ASCII);
      byte[] message = CanonicalJson.write(unlinked(row));
      Ed25519Signer verifier = new Ed25519Signer();
      verifier.init(false, new Ed25519PublicKeyParameters(key.verificationKey().raw()));
      verifier.update(prefix, 0, prefix.length);
      verifier.update(message, 0, message.length);
      assertThat(verifier.verifySignature(row.signature().orElseThrow())).isTrue();
      assertThat(row.signature().orElseThrow()).hasSize(64);
      assertThat(row.attestLevel()).isEqualTo("self_signed");
      assertThat(row.keyId()).contains(key.verificationKey().keyId());
    }
  }

  /** Each payload has the hash that its row states, and its own nonce. */
  @Test
  void payloadHasItsRowsHashAndOwnNonce() throws Exception {
    List<AuditEvent> events = ChainedRows.events(200);
    List<ChainRow> sealed = new RowSealer(key).seal(Head.EMPTY, events);
    Set<String> nonces = new HashSet<>();
    for (int i = 0; i < events.size(); i++) {
      ChainRow row = sealed.get(i);
      byte[] payload = row.payload().orElseThrow();
      assertThat(MessageDigest.getInstance("SHA-256").digest(payload)).isEqualTo(row.payloadHash());
      assertThat(events.get(i).content().isContentOf(payload)).isTrue();
      assertThat(row.id()).isEqualTo(events.get(i).id().toString());
      assertThat(payload).isEqualTo(CanonicalJson.canonicalize(payload));
      JsonNode read = CanonicalJson.read(payload);
      assertThat(read.get("timestamp").stringValue()).isEqualTo(row.timestamp());
      nonces.add(read.get("nonce").stringValue());
    }
    assertThat(nonces).hasSize(200);
  }

  @Test
  void batchContinuesFromTheHead() {
    Head head = rows.get(4).head();
    List<ChainRow> next = new RowSealer(key).seal(head, ChainedRows.events(2));
    assertThat(check.link(next.get(0), head)).isEmpty();
    assertThat(check.link(next.get(1), next.get(0).head())).isEmpty();
    assertThat(next.get(0).sequence()).isEqualTo(6);
    assertThat(new RowSealer(key).seal(head, List.of())).isEmpty();
  }

  @Test
  void sealedRowHasNoFault() {
    Head before = Head.EMPTY;
    for (ChainRow row : rows) {
      assertThat(check.link(row, before)).isEmpty();
      assertThat(check.content(row)).isEmpty();
      before = row.head();
    }
  }

  @Test
  void changedColumnIsAProvenFault() {
    ChainRow row = rows.get(2);
    List<ChainRow> changed =
        List.of(
            ChainedRows.agent(row, "agent:3"),
            ChainedRows.id(row, row.id().replace('7', '6')),
            ChainedRows.type(row, "governance.check"),
            ChainedRows.payloadHash(row, ChainedRows.flipped(row.payloadHash(), 0)),
            ChainedRows.attest(row, "unsigned"),
            ChainedRows.attest(row, "self_signee"),
            ChainedRows.timestamp(row, "1" + row.timestamp().substring(1)),
            ChainedRows.signature(row, Optional.empty()),
            ChainedRows.keyId(row, Optional.empty()),
            ChainedRows.payload(row, Optional.empty()),
            ChainedRows.payload(row, row.payload().map(bytes -> ChainedRows.flipped(bytes, 17))));
    for (ChainRow each : changed) {
      assertThat(check.content(each)).as("%s", each).isNotEmpty().allMatch(RowFault::proven);
    }
    for (int bit = 0; bit < 512; bit += 31) {
      int flipped = bit;
      ChainRow each =
          ChainedRows.signature(row, row.signature().map(s -> ChainedRows.flipped(s, flipped)));
      assertThat(check.content(each)).as("bit %d", bit).allMatch(RowFault::proven).hasSize(1);
    }
  }

  @Test
  void movedRowIsReportedAsMoved() {
    for (int distance : new int[] {1, 7, 32, -2}) {
      assertThat(check.content(ChainedRows.at(rows.get(2), 3 + distance)))
          .containsExactly(
              new RowFault("order", true, "it was signed as row 3 and has been moved"));
    }
    assertThat(check.content(ChainedRows.at(rows.get(2), 3 + 33)))
        .extracting(RowFault::check)
        .containsExactly("signature");
  }

  @Test
  void changedKeyIdIsReportedAsChanged() {
    RowCheck both =
        new RowCheck(KeyRing.of(List.of(other.verificationKey(), key.verificationKey())));
    for (String id : List.of(other.verificationKey().keyId(), "0000000000000000")) {
      assertThat(both.content(ChainedRows.keyId(rows.get(2), Optional.of(id))))
          .containsExactly(
              new RowFault(
                  "signature",
                  true,
                  "its key_id was changed: key " + key.verificationKey().keyId() + " signed it"));
    }
  }

  /** A signature of an unknown key is neither valid nor proven wrong. */
  @Test
  void unknownKeyIsNotAProvenFault() {
    ChainRow foreign = ChainedRows.sealed(other, 1).get(0);
    assertThat(check.content(foreign))
        .containsExactly(
            new RowFault(
                "signature",
                false,
                "it is signed by a key that is not known here: "
                    + other.verificationKey().keyId()));
    assertThat(new RowCheck(KeyRing.of(List.of())).content(rows.get(0)))
        .singleElement()
        .returns(false, RowFault::proven);
  }

  /** The JDK's verifier accepts 65 bytes; the log's verifier does not. */
  @Test
  void signatureOfWrongLengthIsAProvenFault() {
    for (int length : new int[] {0, 63, 65}) {
      ChainRow row =
          ChainedRows.signature(
              rows.get(0), rows.get(0).signature().map(s -> Arrays.copyOf(s, length)));
      assertThat(check.content(row))
          .containsExactly(
              new RowFault(
                  "signature",
                  true,
                  "its signature is " + length + " bytes; Ed25519 has exactly 64"));
    }
  }

  @Test
  void brokenLinkAndMissingRowAreDistinguished() {
    Head before = rows.get(0).head();
    assertThat(check.link(rows.get(1), before)).isEmpty();
    assertThat(check.link(rows.get(2), before))
        .containsExactly(new RowFault("sequence", true, "row 2 before it is missing"));
    assertThat(check.link(rows.get(4), before))
        .containsExactly(new RowFault("sequence", true, "rows 2 to 4 before it are missing"));
    assertThat(check.link(rows.get(0), before))
        .containsExactly(new RowFault("sequence", true, "comes where row 2 should be"));
    assertThat(check.link(ChainedRows.prevHash(rows.get(1), new byte[32]), before))
        .extracting(RowFault::check)
        .containsExactly("link");
  }

  /** The longest record fits into a tile entry. */
  @Test
  void longestRecordFitsATile() {
    ChainRow row =
        ChainedRows.type(ChainedRows.agent(rows.get(0), "\"".repeat(1_024)), "\"".repeat(128));
    assertThat(row.record()).hasSizeLessThan(65_535);
    assertThat(new String(row.record(), UTF_8)).startsWith("{\"agent_id\":");
  }
}
