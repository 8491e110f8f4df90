// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.encoding.IdKeys;
import dev.indelible.encoding.RecordDraft;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.note.RowCheck;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * One row of the chain as it is stored. Its values are unchecked and may have been tampered with;
 * {@link RowCheck} checks them.
 *
 * <p>The arrays are shared, for speed, and must not be changed.
 *
 * @param sequence the row's number in the chain, from 1
 * @param id the event's id
 * @param agentId the agent that acted
 * @param eventType the type of the event, for example {@code governance.refusal}
 * @param payloadHash SHA-256 of the payload
 * @param signature Ed25519 over {@link #signedMessage}; absent when unsigned
 * @param attestLevel {@link #SELF_SIGNED} or {@link #UNSIGNED}
 * @param timestamp the time of the event in RFC 3339, with six fractional digits
 * @param prevHash the record hash of the row before
 * @param keyId the id of the key that signed; absent when unsigned
 * @param payload the event as canonical JSON; absent once erased
 */
public record ChainRow(
    long sequence,
    String id,
    String agentId,
    String eventType,
    byte[] payloadHash,
    Optional<byte[]> signature,
    String attestLevel,
    String timestamp,
    byte[] prevHash,
    Optional<String> keyId,
    Optional<byte[]> payload)
    implements StoredRow {

  /** Signed with the log's own key. */
  public static final String SELF_SIGNED = "self_signed";

  /** Not signed. */
  public static final String UNSIGNED = "unsigned";

  /** Maximum length of a record, in bytes; an entry of a log cannot be longer (C2SP tlog-tiles). */
  public static final int MAX_RECORD_BYTES = 65_535;

  /**
   * Prefix of the text that replaces an invalid value; {@link #text} never returns it for valid
   * text.
   */
  private static final String MISFIT = "\0";

  private static final int VERSION = 1;

  /** Estimated bytes of the short columns. */
  private static final int USUAL_BYTES = 512;

  /**
   * Parses a record into its row, without the payload. Accepts only the exact form that {@link
   * #record} writes; the values are not checked.
   *
   * @throws JsonFormatException if it is not a record
   */
  public static ChainRow fromRecord(byte[] record) throws JsonFormatException {
    if (record.length > MAX_RECORD_BYTES) {
      throw new JsonFormatException(
          "record: %s bytes; the limit is %s".formatted(record.length, MAX_RECORD_BYTES));
    }
    JsonFields fields = JsonFields.of(CanonicalJson.read(record), "record");
    Optional<String> signature = fields.optionalString("signature");
    ChainRow row =
        new ChainRow(
            fields.optionalLong("sequence").orElse(0),
            fields.string("id"),
            fields.string("agent_id"),
            fields.string("event_type"),
            hex(fields, "payload_hash"),
            signature.isPresent() ? Optional.of(base64(signature.get())) : Optional.empty(),
            fields.string("attest_level"),
            fields.string("timestamp"),
            hex(fields, "prev_hash"),
            fields.optionalString("key_id"),
            Optional.empty());
    if (!Arrays.equals(row.record(), record)) {
      throw new JsonFormatException("record: not in the exact form in which rows are recorded");
    }
    return row;
  }

  private static byte[] hex(JsonFields fields, String name) throws JsonFormatException {
    try {
      return HexFormat.of().parseHex(fields.string(name));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException("record.%s: not in hex".formatted(name));
    }
  }

  private static byte[] base64(String signature) throws JsonFormatException {
    try {
      return Base64.getDecoder().decode(signature);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException("record.signature: not in base64");
    }
  }

  /** Returns this row with a payload. */
  public ChainRow withPayload(byte[] given) {
    return with(sequence, signature, prevHash, keyId, Optional.of(given));
  }

  /** Returns this row with its payload erased. */
  public ChainRow withoutPayload() {
    return with(sequence, signature, prevHash, keyId, Optional.empty());
  }

  /** Returns this row with the signature and the link that sealing adds. */
  public ChainRow sealed(Optional<byte[]> newSignature, byte[] newPrevHash) {
    return with(sequence, newSignature, newPrevHash, keyId, payload);
  }

  /** Returns this row as if another key had signed it as another row. */
  public ChainRow signedAs(long otherSequence, Optional<String> otherKey) {
    return with(otherSequence, signature, prevHash, otherKey, payload);
  }

  private ChainRow with(
      long newSequence,
      Optional<byte[]> newSignature,
      byte[] newPrevHash,
      Optional<String> newKeyId,
      Optional<byte[]> newPayload) {
    return new ChainRow(
        newSequence,
        id,
        agentId,
        eventType,
        payloadHash,
        newSignature,
        attestLevel,
        timestamp,
        newPrevHash,
        newKeyId,
        newPayload);
  }

  /**
   * Decodes text from a ledger. Bytes that are not UTF-8 become a text that no writer writes. They
   * are not replaced by U+FFFD, because then different bytes could decode to equal text, and a
   * change would not be detected.
   */
  public static String text(byte[] utf8) {
    String text = new String(utf8, StandardCharsets.UTF_8);
    boolean exact =
        text.indexOf('\ufffd') < 0 || Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8);
    return exact && !text.startsWith(MISFIT)
        ? text
        : MISFIT + "not UTF-8 text: " + HexFormat.of().formatHex(utf8);
  }

  /**
   * Returns the attest level of a row in which a column has a wrong type. No ledger can store this
   * level, so neither the record hash nor the signature of the row verifies.
   *
   * @param what the column and its type
   */
  public static String mistyped(String what) {
    return MISFIT + what;
  }

  /** Returns the column that has a wrong type, and its type; empty if there is none. */
  public Optional<String> misfit() {
    return attestLevel.startsWith(MISFIT)
        ? Optional.of(attestLevel.substring(MISFIT.length()))
        : Optional.empty();
  }

  /** Returns the record: canonical JSON (RFC 8785) of every column except the payload. */
  public byte[] record() {
    return draft().record();
  }

  /**
   * Returns the record's hash as an RFC 6962 leaf; the next row's {@code prev_hash} must equal it.
   */
  public byte[] recordHash() {
    return draft().recordHash();
  }

  /**
   * Reads the details of an event that the log itself wrote. Does not check the row's signature.
   *
   * @param type the type of the event to read
   * @param reading reads the result from the event's details
   * @return empty if the row has another type or no payload, or if {@code reading} throws
   */
  public <T> Optional<T> details(String type, Reading<T> reading) {
    if (!is(type) || payload.isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonFields event = JsonFields.of(CanonicalJson.read(payload.get()), "payload");
      return Optional.of(reading.of(JsonFields.of(event.node("details"), "details")));
    } catch (JsonFormatException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Reads a value from an event's details. */
  @FunctionalInterface
  public interface Reading<T> {
    /**
     * Returns the value.
     *
     * @throws JsonFormatException if a detail is missing or has a wrong type
     * @throws IllegalArgumentException if a detail has an invalid value
     */
    T of(JsonFields details) throws JsonFormatException;
  }

  @Override
  public ChainRow decoded() {
    return this;
  }

  @Override
  public boolean is(String type) {
    return eventType.equals(type);
  }

  @Override
  public long idKey() {
    byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
    return IdKeys.of(utf8, 0, utf8.length);
  }

  @Override
  public boolean hasPayload() {
    return payload.isPresent();
  }

  @Override
  public Optional<String> policy() {
    return DeferredAuditEvent.isDecision(eventType)
        ? payload.flatMap(bytes -> policy(bytes, 0))
        : Optional.empty();
  }

  /**
   * Returns the digest of the policy that a decision names; empty if it names none.
   *
   * @param bytes an array that ends with the payload of a decision
   * @param from the offset at which the payload begins
   */
  public static Optional<String> policy(byte[] bytes, int from) {
    return PayloadFacets.policy(bytes, from);
  }

  @Override
  public boolean isUnsigned() {
    return attestLevel.equals(UNSIGNED) && signature.isEmpty();
  }

  @Override
  public boolean follows(Head before) {
    return sequence == before.sequence() + 1 && Arrays.equals(prevHash, before.hash());
  }

  @Override
  public Head head() {
    return new Head(sequence, recordHash());
  }

  @Override
  public int bytes() {
    return agentId.length()
        + eventType.length()
        + payload.map(value -> value.length).orElse(0)
        + USUAL_BYTES;
  }

  /**
   * Returns the bytes that the signature covers: every field except {@code prev_hash} and the
   * signature itself.
   */
  public byte[] signedMessage() {
    return draft().signedMessage();
  }

  /**
   * Returns the record and its payload as one canonical JSON object, as {@code log list} prints it.
   * A payload that is no longer JSON is written as a string, a missing one as {@code null}.
   */
  public byte[] toJson() {
    CanonicalWriter out = new CanonicalWriter();
    writeBeforeLink(out, true);
    out.hexMember("prev_hash", prevHash).member("sequence", sequence);
    writeSignature(out);
    return writeEnd(out).toBytes();
  }

  /** Returns the record as a draft, to be signed and linked, or to be hashed. */
  public RecordDraft draft() {
    return draft(new CanonicalWriter());
  }

  /**
   * Returns the record as {@link #draft()} does, for many rows.
   *
   * @param out the writer to use; must be empty, and is empty afterwards
   */
  public RecordDraft draft(CanonicalWriter out) {
    writeBeforeLink(out, false);
    int linkAt = out.length();
    out.hexMember("prev_hash", prevHash);
    int linkEnd = out.length();
    out.member("sequence", sequence);
    int signatureAt = out.length();
    writeSignature(out);
    int signatureEnd = out.length();
    byte[] record = writeEnd(out).toBytes();
    out.cutTo(0);
    return new RecordDraft(record, linkAt, linkEnd, signatureAt, signatureEnd);
  }

  private void writeBeforeLink(CanonicalWriter out, boolean withPayload) {
    out.beginObject()
        .member("agent_id", agentId)
        .member("attest_level", attestLevel)
        .member("event_type", eventType)
        .member("id", id);
    keyId.ifPresent(value -> out.member("key_id", value));
    if (withPayload) {
      writePayload(out.name("payload"));
    }
    out.hexMember("payload_hash", payloadHash);
  }

  private void writeSignature(CanonicalWriter out) {
    signature.ifPresent(value -> out.base64Member("signature", value));
  }

  private CanonicalWriter writeEnd(CanonicalWriter out) {
    return out.member("timestamp", timestamp).member("v", VERSION).endObject();
  }

  private void writePayload(CanonicalWriter out) {
    if (payload.isEmpty()) {
      out.canonical("null");
      return;
    }
    try {
      out.canonical(CanonicalJson.canonicalize(payload.get()));
    } catch (JsonFormatException e) {
      out.string(new String(payload.get(), StandardCharsets.UTF_8));
    }
  }
}
