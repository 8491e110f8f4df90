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
   * Writes the members.
   *
   * @param covered the member name of the covered rows; the other name is {@code not_} and this
   *     name
   */
  void write(CanonicalWriter out, String covered) {
    out.name(covered).nullable(size, out::number);
    out.name("not_" + covered).nullable(uncovered, out::number);
  }
}
