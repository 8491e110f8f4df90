// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * One row of the chain as it is stored: what was written, or what someone made of it since. Nothing
 * here is checked; {@link RowCheck} does that.
 *
 * <p>The arrays are shared and not to be changed: rows pass by the hundred thousand a second.
 *
 * @param sequence its place in the chain, from 1
 * @param id the event's id
 * @param agentId who acted
 * @param eventType for example {@code governance.refusal}
 * @param payloadHash SHA-256 of the payload
 * @param signature Ed25519 over {@link #signedMessage}; absent when unsigned
 * @param attestLevel {@link #SELF_SIGNED} or {@link #UNSIGNED}
 * @param timestamp when, as RFC 3339 with six digits
 * @param prevHash the record hash of the row before
 * @param keyId the key that signed; absent when unsigned
 * @param payload what happened, as canonical JSON; absent once erased
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

  /** Longest record, in bytes: what an entry of a log holds (C2SP tlog-tiles). */
  public static final int MAX_RECORD_BYTES = 65_535;

  /** Begins what stands for a value that is none; {@link #text} returns no other text with it. */
  private static final String MISFIT = "\0";

  private static final int VERSION = 1;

  /** What the columns of no great length come to. */
  private static final int USUAL_BYTES = 512;

  /**
   * The row that a record is of, without its payload. What it says is not checked, but that it is
   * the record of a row: it is read only in the one form in which {@link #record} writes it.
   *
   * @throws JsonFormatException if it is no record
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
      throw new JsonFormatException("record: not as the record of a row is written");
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
    return with(Optional.of(given));
  }

  /** Returns this row with its payload erased. */
  ChainRow withoutPayload() {
    return with(Optional.empty());
  }

  private ChainRow with(Optional<byte[]> newPayload) {
    return new ChainRow(
        sequence,
        id,
        agentId,
        eventType,
        payloadHash,
        signature,
        attestLevel,
        timestamp,
        prevHash,
        keyId,
        newPayload);
  }

  /**
   * Text as it stands in a ledger. What is no UTF-8 must not read as U+FFFD, for which bytes could
   * then be exchanged unseen: it reads as what no writer writes.
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
   * The attest level of a row that has a column of another type than was written. It is none that a
   * ledger can hold, so that neither the record hash nor the signature of the row holds.
   *
   * @param what which column, and its type
   */
  public static String mistyped(String what) {
    return MISFIT + what;
  }

  /** What a column of another type than was written is, if the row has one. */
  Optional<String> misfit() {
    return attestLevel.startsWith(MISFIT)
        ? Optional.of(attestLevel.substring(MISFIT.length()))
        : Optional.empty();
  }

  /** The record: canonical JSON (RFC 8785) of everything but the payload itself. */
  public byte[] record() {
    return draft().record();
  }

  /** The record's hash as an RFC 6962 leaf; what the next row's {@code prev_hash} must be. */
  public byte[] recordHash() {
    return draft().recordHash();
  }

  /**
   * What the log itself says in this row. Whether the row is signed is not asked.
   *
   * @param type the type of an event that says such a thing
   * @param reading takes it out of the event's details
   * @return empty if this is of another type, or has no payload, or one that {@code reading}
   *     refuses
   */
  public <T> Optional<T> said(String type, Reading<T> reading) {
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

  /** Reads what an event's details say. */
  @FunctionalInterface
  public interface Reading<T> {
    /**
     * What they say.
     *
     * @throws JsonFormatException if it cannot be read
     * @throws IllegalArgumentException if it cannot be so
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

  /** What the signature covers: every field but {@code prev_hash} and the signature itself. */
  public byte[] signedMessage() {
    return draft().signedMessage();
  }

  /**
   * The record and its payload as one canonical JSON object, as {@code log list} prints it. A
   * payload that is no longer JSON is written as a string; one that is gone as {@code null}.
   */
  public byte[] toJson() {
    CanonicalWriter out = new CanonicalWriter();
    writeBeforeLink(out, true);
    out.hexMember("prev_hash", prevHash).member("sequence", sequence);
    writeSignature(out);
    return writeEnd(out).toBytes();
  }

  /** Returns this row with the signature and the link that sealing adds. */
  public ChainRow sealed(Optional<byte[]> newSignature, byte[] newPrevHash) {
    return new ChainRow(
        sequence,
        id,
        agentId,
        eventType,
        payloadHash,
        newSignature,
        attestLevel,
        timestamp,
        newPrevHash,
        keyId,
        payload);
  }

  ChainRow signedAs(long otherSequence, Optional<String> otherKey) {
    return new ChainRow(
        otherSequence,
        id,
        agentId,
        eventType,
        payloadHash,
        signature,
        attestLevel,
        timestamp,
        prevHash,
        otherKey,
        payload);
  }

  /** Returns the record as a draft, to be signed and linked, or to be hashed. */
  public RecordDraft draft() {
    return draft(new CanonicalWriter());
  }

  /**
   * Returns the record as {@link #draft()} does, for many rows.
   *
   * @param out writes the record; empty, and empty again afterwards
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
