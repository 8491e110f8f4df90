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
 * A chain of another system as it was when this log adopted it: the details of a {@code
 * chain.adopted} event. The row of that event is signed and covered by a checkpoint. It holds the
 * root of the other chain, so the signature and the checkpoint cover every row of that chain too,
 * including the last.
 *
 * @param format the format of the other chain, for example {@link AiMemoryVerifier#FORMAT}
 * @param rows its number of rows
 * @param finalHash the hash of its last row, to which the other system would link the next
 * @param root the root of a Merkle tree over the canonical bytes of all its rows, in hex; see
 *     {@link AiMemoryVerifier#root}
 * @param fileHash SHA-256 of the file, in hex
 * @param verdict the verdict on the chain, {@code intact} or {@code unknown}
 */
public record AdoptedChain(
    String format, long rows, String finalHash, String root, String fileHash, String verdict) {
  /** The type of the event. */
  public static final String EVENT_TYPE = "chain.adopted";

  /** Returns the chains that a ledger has adopted, by the sequence of their event. */
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

  /** Reads the details of a row; empty if it is of another type, or unreadable. */
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

  /** Writes the members in canonical order into an open object. */
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
