// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where rules read the free space of the disk that a process would work on. */
@FunctionalInterface
interface DiskSpace {
  /** The file store of this process's directory, which a process it starts inherits. */
  DiskSpace WORKING_DIRECTORY = () -> Files.getFileStore(Path.of(".")).getUsableSpace();

  /** Bytes that this process could still write. */
  long usableBytes() throws IOException;
}
