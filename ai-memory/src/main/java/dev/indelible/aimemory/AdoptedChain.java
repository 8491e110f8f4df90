// SPDX-License-Identifier: Apache-2.0
package dev.indelible.adopt;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * What a {@code chain.adopted} event says: a chain of another system, as it was when this log took
 * it over. The row that says it is signed and covered by a checkpoint, and so from then on is every
 * row of the other chain, its last one too.
 *
 * @param format how the other chain is written, for example {@link AiMemoryVerifier#FORMAT}
 * @param rows how many rows it had
 * @param finalHash the hash of its last row, which is all that the other system would have linked
 *     to
 * @param root the root of a Merkle tree over the canonical bytes of all its rows, in hex; see
 *     {@link AiMemoryVerifier#root}
 * @param fileHash SHA-256 of the file they were in, in hex
 * @param verdict what was found of it, {@code intact} or {@code unknown}
 */
public record AdoptedChain(
    String format, long rows, String finalHash, String root, String fileHash, String verdict) {
  /** The type of the event. */
  public static final String EVENT_TYPE = "chain.adopted";

  /** Reads what a row says; empty if it is of another type, or unreadable. */
  public static Optional<AdoptedChain> read(ChainRow row) {
    return row.said(
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

  /** Writes the members, in order, into an object that was begun. */
  public void write(CanonicalWriter out) {
    out.member("file_sha256", fileHash).member("final_hash", finalHash).member("format", format);
    out.member("root", root).member("rows", rows).member("verdict", verdict);
  }

  /** The event that chains this. */
  public SystemEvent toEvent() {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    write(details);
    return SystemEvent.of(EVENT_TYPE, details.endObject());
  }
}
