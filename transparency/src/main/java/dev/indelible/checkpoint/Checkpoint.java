// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.merkle.Hash;
import java.util.Arrays;
import java.util.List;

/**
 * A log's statement of its size and root (C2SP tlog-checkpoint v1.0.0), without signatures.
 *
 * @param origin the log's name; by convention its address without the scheme
 * @param size the number of leaves
 * @param root the root of the tree of these leaves
 * @param extensions further lines, whose meaning is not defined; usually empty
 */
public record Checkpoint(String origin, long size, Hash root, List<String> extensions) {
  private static final int ORIGIN = 0;
  private static final int SIZE = 1;
  private static final int ROOT = 2;
  private static final int LINES = 3;

  public Checkpoint {
    if (origin.isEmpty() || !StrictText.isLine(origin)) {
      throw new IllegalArgumentException(
          StrictText.quote(origin) + ": the origin of a checkpoint must be one non-empty line");
    }
    if (size < 0) {
      throw new IllegalArgumentException("a log cannot have " + size + " leaves");
    }
    extensions = List.copyOf(extensions);
    for (String line : extensions) {
      if (line.isEmpty() || !StrictText.isLine(line)) {
        throw new IllegalArgumentException(
            StrictText.quote(line) + ": an extension of a checkpoint must be one non-empty line");
      }
    }
  }

  /** Returns a checkpoint without extensions. */
  public static Checkpoint of(String origin, long size, Hash root) {
    return new Checkpoint(origin, size, root, List.of());
  }

  /**
   * Parses the text of a note as a checkpoint.
   *
   * @throws CheckpointParseException if the text is not a checkpoint
   */
  public static Checkpoint parse(String text) throws CheckpointParseException {
    if (!text.endsWith("\n") || !StrictText.isText(text)) {
      throw StrictText.refused(
          "checkpoint", text, "no newline at its end, or other control characters in it");
    }
    String[] lines = text.substring(0, text.length() - 1).split("\n", -1);
    if (lines.length < LINES) {
      throw StrictText.refused(
          "checkpoint", text, "%s lines instead of 3 or more".formatted(lines.length));
    }
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].isEmpty()) {
        throw StrictText.refused("checkpoint", text, "its line %s is empty".formatted(i + 1));
      }
    }
    return new Checkpoint(
        lines[ORIGIN],
        StrictText.decimal(lines[SIZE], "size of checkpoint"),
        StrictText.hash(lines[ROOT], "root of checkpoint"),
        Arrays.asList(lines).subList(LINES, lines.length));
  }

  /** Returns the text to sign. */
  public String text() {
    StringBuilder out =
        new StringBuilder(origin).append('\n').append(size).append('\n').append(root.base64());
    extensions.forEach(line -> out.append('\n').append(line));
    return out.append('\n').toString();
  }
}
