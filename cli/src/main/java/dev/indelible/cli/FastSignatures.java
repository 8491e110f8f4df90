// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.SigningKey;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The native signature provider that the command ships for Linux. It takes about a second to load,
 * so only commands that sign or verify many rows load it.
 */
final class FastSignatures {
  /** The minimum number of rows for which loading the provider pays off. */
  static final long WORTH_ROWS = 50_000;

  private FastSignatures() {}

  /**
   * Loads the provider; does nothing outside Linux, or if the launcher did not set {@link
   * Main#LIBRARIES}.
   */
  static void load() {
    String libraries = System.getProperty(Main.LIBRARIES);
    if (libraries != null) {
      Path provider = Path.of(libraries, "corretto", platform());
      if (Files.isDirectory(provider)) {
        SigningKey.loadCorretto(provider);
      }
    }
  }

  /** Loads the provider while the verb runs; it is used as soon as it is loaded. */
  static void loadInBackground() {
    Thread loading = new Thread(FastSignatures::load, "indelible-corretto");
    loading.setDaemon(true);
    loading.start();
  }

  /** Returns the name of this machine's platform in the names of the provider's artifacts. */
  private static String platform() {
    String arch = System.getProperty("os.arch", "");
    return switch (arch) {
      case "amd64" -> "linux-x86_64";
      case "aarch64" -> "linux-aarch_64";
      default -> arch;
    };
  }
}
