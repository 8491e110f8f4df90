// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.action.Bash;
import dev.indelible.append.RowSealer;
import dev.indelible.crypto.Signer;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Creates rows for tests, and changed copies of rows. */
public final class ChainedRows {
  private ChainedRows() {}

  /** Returns sealed rows from the start of a chain. */
  public static List<ChainRow> sealed(Signer signer, int count) {
    return new RowSealer(signer).seal(Head.EMPTY, events(count));
  }

  /** Returns {@code count} refusals. */
  public static List<AuditEvent> events(int count) {
    return IntStream.range(0, count)
        .<AuditEvent>mapToObj(
            i ->
                DeferredAuditEvent.of(
                    "agent:" + i, new Bash("rm " + i), new Refuse("R001", "no"), Optional.empty()))
        .toList();
  }

  /** Returns the rows with one of them changed. */
  public static List<ChainRow> with(
      List<ChainRow> rows, int index, UnaryOperator<ChainRow> change) {
    List<ChainRow> changed = new ArrayList<>(rows);
    changed.set(index, change.apply(rows.get(index)));
    return changed;
  }

  /** Returns the row with another sequence number, and with its signature and hash unchanged. */
  public static ChainRow at(ChainRow r, long sequence) {
    return r.signedAs(sequence, r.keyId());
  }

  /** Returns the row with another key id. */
  public static ChainRow keyId(ChainRow r, Optional<String> keyId) {
    return r.signedAs(r.sequence(), keyId);
  }

  /** Returns the row with another hash of the previous row. */
  public static ChainRow prevHash(ChainRow r, byte[] hash) {
    return r.sealed(r.signature(), hash);
  }

  public static ChainRow agent(ChainRow r, String agent) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        agent,
        r.eventType(),
        r.payloadHash(),
        r.signature(),
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow id(ChainRow r, String id) {
    return new ChainRow(
        r.sequence(),
        id,
        r.agentId(),
        r.eventType(),
        r.payloadHash(),
        r.signature(),
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow type(ChainRow r, String type) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        type,
        r.payloadHash(),
        r.signature(),
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow payloadHash(ChainRow r, byte[] hash) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        r.eventType(),
        hash,
        r.signature(),
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow signature(ChainRow r, Optional<byte[]> signature) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        r.eventType(),
        r.payloadHash(),
        signature,
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow attest(ChainRow r, String level) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        r.eventType(),
        r.payloadHash(),
        r.signature(),
        level,
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow timestamp(ChainRow r, String time) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        r.eventType(),
        r.payloadHash(),
        r.signature(),
        r.attestLevel(),
        time,
        r.prevHash(),
        r.keyId(),
        r.payload());
  }

  public static ChainRow payload(ChainRow r, Optional<byte[]> payload) {
    return new ChainRow(
        r.sequence(),
        r.id(),
        r.agentId(),
        r.eventType(),
        r.payloadHash(),
        r.signature(),
        r.attestLevel(),
        r.timestamp(),
        r.prevHash(),
        r.keyId(),
        payload);
  }

  /** Returns the bytes with one bit flipped. */
  public static byte[] flipped(byte[] bytes, int bit) {
    byte[] copy = bytes.clone();
    copy[bit / 8] ^= (byte) (1 << bit % 8);
    return copy;
  }
}
