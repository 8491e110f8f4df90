// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The state of another system's chain when this log adopted it: the details of a {@code
 * chain.adopted} event. The event's row is signed and covered by a checkpoint, and it contains a
 * root over the other chain. Therefore the signature and the checkpoint also cover every row of the
 * other chain, including the last.
 *
 * @param format the format of the other chain, for example {@link AiMemoryVerifier#FORMAT}
 * @param rows the number of rows of the other chain
 * @param finalHash the hash of its last row, to which the other system would link its next row
 * @param root the root of a Merkle tree over the canonical bytes of all its rows, in hex; see
 *     {@link AiMemoryVerifier#root}
 * @param fileHash the SHA-256 of its file, in hex
 * @param verdict the verdict on the chain: {@code intact} or {@code unknown}
 */
public record AdoptedChain(
    String format, long rows, String finalHash, String root, String fileHash, String verdict) {
  /** The type of the event. */
  public static final String EVENT_TYPE = "chain.adopted";

  /** Returns the chains that a ledger has adopted, keyed by the sequence number of their event. */
  public static NavigableMap<Long, AdoptedChain> allIn(LedgerReader ledger) throws LedgerException {
    NavigableMap<Long, AdoptedChain> adopted = new TreeMap<>();
    ledger.forEachRow(
        RowQuery.ofType(EVENT_TYPE),
        row -> {
          read(row).ifPresent(chain -> adopted.put(row.sequence(), chain));
          return true;
        });
    return adopted;
  }

  /** Reads the details of a row; empty if the row has another type or cannot be read. */
  public static Optional<AdoptedChain> read(ChainRow row) {
    return row.details(
        EVENT_TYPE,
        details ->
            new AdoptedChain(
                details.string("format"),
                details
                    .optionalLong("rows")
                    .orElseThrow(() -> new JsonFormatException("details.rows: missing")),
                details.string("final_hash"),
                details.string("root"),
                details.string("file_sha256"),
                details.string("verdict")));
  }

  /** Writes the members in canonical order into an open JSON object. */
  public void write(CanonicalWriter out) {
    out.member("file_sha256", fileHash).member("final_hash", finalHash).member("format", format);
    out.member("root", root).member("rows", rows).member("verdict", verdict);
  }

  /** Returns the event that records the adoption. */
  public SystemEvent toEvent() {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    write(details);
    return SystemEvent.of(EVENT_TYPE, details.endObject());
  }
}
