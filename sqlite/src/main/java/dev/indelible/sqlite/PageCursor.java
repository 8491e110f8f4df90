// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.Sha256;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/**
 * Creates and reads the cursors of one query. A cursor has the number of the last row that was
 * examined, and a digest over this number, the query and the ledger. The digest reveals a cursor
 * that was changed or comes from another query. A cursor is not secret.
 */
final class PageCursor {
  private static final String DOMAIN = "indelible/cursor/v1";
  private static final int DIGEST_BYTES = 16;

  private final boolean newestFirst;
  private final Filter filter;
  private final String ledger;

  private PageCursor(boolean newestFirst, Filter filter, String ledger) {
    this.newestFirst = newestFirst;
    this.filter = filter;
    this.ledger = ledger;
  }

  /**
   * Returns the cursors of a query.
   *
   * @param ledger the ledger's id
   */
  static PageCursor of(EventQuery query, String ledger) {
    return new PageCursor(query.newestFirst(), query.filter(), ledger);
  }

  /** Returns the cursor after a row. */
  String text(long sequence) {
    byte[] bytes =
        ByteBuffer.allocate(Long.BYTES + DIGEST_BYTES)
            .putLong(sequence)
            .put(digest(sequence))
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Returns the row that a cursor follows.
   *
   * @throws IllegalArgumentException if it is not a cursor of this query
   */
  long position(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the cursor is malformed; begin without one", e);
    }
    if (bytes.length != Long.BYTES + DIGEST_BYTES) {
      throw new IllegalArgumentException("the cursor is malformed; begin without one");
    }
    long sequence = ByteBuffer.wrap(bytes).getLong();
    if (!Arrays.equals(bytes, Long.BYTES, bytes.length, digest(sequence), 0, DIGEST_BYTES)) {
      throw new IllegalArgumentException(
          "the cursor belongs to a query with other filters, another order or another log, or was"
              + " changed; begin without one");
    }
    return sequence;
  }

  private byte[] digest(long sequence) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("agent", filter.agent())
        .member("domain", DOMAIN)
        .member("kind", filter.kind())
        .member("ledger", ledger)
        .member("newest_first", newestFirst)
        .member("rule", filter.rule())
        .member("sequence", Long.toString(sequence))
        .member("session", filter.session())
        .member("since", filter.fromMicros() + "")
        .member("text", filter.text())
        .member("type", filter.type())
        .member("until", filter.toMicros() + "")
        .member("verdict", filter.verdict());
    return Arrays.copyOf(Sha256.hash(out.endObject().toBytes()), DIGEST_BYTES);
  }
}
