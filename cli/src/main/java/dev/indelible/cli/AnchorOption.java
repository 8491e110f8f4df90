// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The anchor file of a verb. */
final class AnchorOption {
  @Option(
      names = "--anchor",
      paramLabel = "FILE",
      defaultValue = "${env:INDELIBLE_ANCHOR}",
      description =
          "a file outside the data directory to which each checkpoint is appended (default:"
              + " $$INDELIBLE_ANCHOR, else none)")
  @Nullable Path file;

  Optional<Path> file() {
    return Optional.ofNullable(file).filter(path -> !path.toString().isEmpty());
  }
}
