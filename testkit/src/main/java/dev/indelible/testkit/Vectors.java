// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Third-party test vectors, which are stored beside the project and never copied into it. */
public final class Vectors {
  private Vectors() {}

  /** Returns the path of a vector file or folder. Skips the test if it does not exist. */
  public static Path path(String name) {
    Path root = Path.of(System.getProperty("indelible.root", ".."));
    Path path = root.resolve("../shared/vectors").resolve(name).normalize();
    assumeTrue(Files.exists(path), "skipped: no test vectors at ../shared/vectors/" + name);
    return path;
  }
}
