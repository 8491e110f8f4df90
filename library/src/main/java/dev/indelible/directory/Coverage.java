// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.Head;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The rows that a signed checkpoint, or the index, covers.
 *
 * @param size the number of rows covered; empty if it is unknown
 * @param uncovered the number of rows after them; empty if it is unknown
 */
public record Coverage(Optional<Long> size, Optional<Long> uncovered) {
  static Coverage of(OptionalLong size, Optional<Head> head) {
    Optional<Long> covered =
        size.isPresent() ? Optional.of(size.getAsLong()) : Optional.<Long>empty();
    return new Coverage(
        covered, covered.flatMap(rows -> head.map(last -> Math.max(0, last.sequence() - rows))));
  }

  /**
   * Writes the member of the covered rows.
   *
   * @param covered its name
   */
  void writeSize(CanonicalWriter out, String covered) {
    out.name(covered).nullable(size, out::number);
  }

  /**
   * Writes the member of the rows that are not covered.
   *
   * @param covered the name of the other member; the name of this one is {@code not_} and that name
   */
  void writeRest(CanonicalWriter out, String covered) {
    out.name("not_" + covered).nullable(uncovered, out::number);
  }
}
