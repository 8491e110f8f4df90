// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.Head;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The rows that a signed checkpoint covers.
 *
 * @param size the number of rows covered; empty if it is unknown
 * @param uncovered the number of rows after them; empty if it is unknown
 */
record Coverage(Optional<Long> size, Optional<Long> uncovered) {
  static Coverage of(OptionalLong size, Optional<Head> head) {
    Optional<Long> covered = StatusField.boxed(size);
    return new Coverage(
        covered, covered.flatMap(rows -> head.map(last -> Math.max(0, last.sequence() - rows))));
  }

  /**
   * Returns the field of evidence outside the ledger.
   *
   * @param name the name of the field
   * @param which describes the checkpoints of this evidence
   * @param covered the JSON member of the size; {@code not_covered} is that of the rest
   */
  StatusField field(Console console, String name, String which, String covered) {
    return new StatusField(
        name,
        uncovered
            .map(
                rows ->
                    rows == 0
                        ? "all rows are under a checkpoint " + which
                        : text(console, rows, which))
            .orElse(console.yellow("(unknown)")),
        name,
        out -> {
          out.beginObject().name(covered);
          StatusField.number(size).accept(out);
          out.name("not_" + covered);
          StatusField.number(uncovered).accept(out);
          out.endObject();
        });
  }

  private String text(Console console, long rows, String which) {
    return console.yellow("%,d rows are not yet under one".formatted(rows))
        + " %s; the last is over %,d".formatted(which, size.orElse(0L));
  }
}
