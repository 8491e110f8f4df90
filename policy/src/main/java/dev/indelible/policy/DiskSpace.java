// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures the free space of the disk that a started process would use. */
@FunctionalInterface
interface DiskSpace {
  /** The disk of this process's working directory, which a started process inherits. */
  DiskSpace WORKING_DIRECTORY = () -> Files.getFileStore(Path.of(".")).getUsableSpace();

  /** Returns the number of bytes that this process can still write. */
  long usableBytes() throws IOException;
}
