// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.Head;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Rows that evidence outside the ledger covers.
 *
 * @param exists whether the log has evidence of this kind
 * @param size the number of rows covered; empty if unknown
 * @param head the last row; empty if unknown
 */
record Coverage(boolean exists, OptionalLong size, Optional<Head> head) {
  /** Returns the field of the last signed checkpoint. */
  static StatusField checkpoint(Optional<Checkpoint> checkpoint, Optional<Head> head) {
    String text =
        checkpoint
            .map(
                last ->
                    StatusField.text(
                            "over %,d rows of %s", last.size(), Console.printable(last.origin()))
                        + following(last, head))
            .orElse("(none that can be read)");
    return new StatusField(
        "checkpoint",
        text,
        "checkpoint",
        out ->
            out.nullable(
                checkpoint,
                last ->
                    out.beginObject()
                        .member("origin", last.origin())
                        .member("size", last.size())
                        .endObject()));
  }

  private static String following(Checkpoint last, Optional<Head> head) {
    long rows = new Coverage(true, OptionalLong.of(last.size()), head).uncovered().orElse(0);
    return rows > 0 ? StatusField.text("; %,d rows follow it", rows) : "";
  }

  /** Returns the field of the witnesses' cosignatures. */
  StatusField witnesses(Console console) {
    return new StatusField(
        "witnesses",
        text(console, "that a quorum cosigned"),
        "witnesses",
        json("cosigned", "not_cosigned"));
  }

  /** Returns the field of the anchor file. */
  StatusField anchor(Console console) {
    return new StatusField(
        "anchor", text(console, "that is in it"), "anchor", json("anchored", "not_anchored"));
  }

  private OptionalLong uncovered() {
    return size.isPresent() && head.isPresent()
        ? OptionalLong.of(Math.max(0, head.get().sequence() - size.getAsLong()))
        : OptionalLong.empty();
  }

  private String text(Console console, String by) {
    OptionalLong uncovered = uncovered();
    if (!exists) {
      return "(none)";
    }
    if (uncovered.isEmpty()) {
      return console.yellow("(unknown)");
    }
    return uncovered.getAsLong() == 0
        ? "all rows are under a checkpoint " + by
        : console.yellow(StatusField.text("%,d rows are not yet under one", uncovered.getAsLong()))
            + StatusField.text(" %s; the last is over %,d", by, size.getAsLong());
  }

  private Consumer<CanonicalWriter> json(String covered, String uncovered) {
    return out -> {
      if (!exists) {
        out.canonical("null");
        return;
      }
      out.beginObject().name(covered);
      StatusField.number(StatusField.boxed(size)).accept(out);
      out.name(uncovered);
      StatusField.number(StatusField.boxed(uncovered())).accept(out);
      out.endObject();
    };
  }
}
