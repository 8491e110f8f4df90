// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * A write to a file.
 *
 * @param path the file
 * @param byteEstimate the number of bytes to write, if known; 0 to 2^53 - 1
 */
public record FilesystemWrite(String path, OptionalLong byteEstimate) implements AgentAction {
  public static final String KIND = "filesystem_write";

  /** The largest number up to which a double holds every integer exactly. */
  static final long MAX_EXACT = (1L << 53) - 1;

  public FilesystemWrite {
    Text.requireWellFormed(path, "path");
    Objects.requireNonNull(byteEstimate, "byteEstimate is null");
    if (byteEstimate.isPresent()
        && (byteEstimate.getAsLong() < 0 || byteEstimate.getAsLong() > MAX_EXACT)) {
      throw new IllegalArgumentException(
          "byte_estimate " + byteEstimate.getAsLong() + " is not in 0.." + MAX_EXACT);
    }
  }

  public FilesystemWrite(String path) {
    this(path, OptionalLong.empty());
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject();
    byteEstimate.ifPresent(value -> out.member("byte_estimate", value));
    out.member("kind", KIND).member("path", path).endObject();
  }
}
