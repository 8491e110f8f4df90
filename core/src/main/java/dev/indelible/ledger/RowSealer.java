// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.Timestamps;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Turns events into rows: canonical bytes, hash, signature, link.
 *
 * <p>A signature does not depend on the row before, so a batch is signed on all cores; only the
 * links are made one after another. Used by one thread at a time.
 */
public final class RowSealer {
  private final Signer signer;
  private final SecureRandom random = new SecureRandom();

  /** A sealer that signs every row with {@code signer}. */
  public RowSealer(Signer signer) {
    this.signer = signer;
  }

  /**
   * The rows that follow {@code head}, one for each event, in order.
   *
   * @throws RuntimeException if an event cannot be encoded
   */
  public List<ChainRow> seal(Head head, List<AuditEvent> events) {
    byte[] nonces = new byte[EventContent.NONCE_BYTES * events.size()];
    random.nextBytes(nonces);
    List<ChainRow> signed =
        IntStream.range(0, events.size())
            .parallel()
            .mapToObj(i -> sign(head.sequence() + 1 + i, events.get(i), nonce(nonces, i)))
            .toList();
    return link(head, signed);
  }

  private ChainRow sign(long sequence, AuditEvent event, byte[] nonce) {
    byte[] payload = event.content().payload(nonce);
    ChainRow row =
        new ChainRow(
            sequence,
            event.id().toString(),
            event.agentId(),
            event.eventType(),
            Sha256.hash(payload),
            Optional.empty(),
            ChainRow.SELF_SIGNED,
            Timestamps.format(event.timestamp()),
            Head.EMPTY.hash(),
            Optional.of(signer.verificationKey().keyId()),
            Optional.of(payload));
    return row.withSignature(signer.sign(row.signedMessage()));
  }

  private static List<ChainRow> link(Head head, List<ChainRow> rows) {
    List<ChainRow> linked = new ArrayList<>(rows.size());
    byte[] prevHash = head.hash();
    for (ChainRow row : rows) {
      ChainRow next = row.withPrevHash(prevHash);
      linked.add(next);
      prevHash = next.recordHash();
    }
    return linked;
  }

  private static byte[] nonce(byte[] nonces, int index) {
    int from = index * EventContent.NONCE_BYTES;
    return Arrays.copyOfRange(nonces, from, from + EventContent.NONCE_BYTES);
  }
}
