// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A kind of access to a file, with the message for a refusal. */
public enum FileAccess {
  /** Reading a file, or listing a directory and opening its files. */
  READ("cannot be read"),

  /** Writing to a file, or creating files in a directory. */
  WRITE("cannot be written to");

  private final String refusal;

  FileAccess(String refusal) {
    this.refusal = refusal;
  }

  /** Returns why the file cannot be accessed, as the end of a sentence; empty if it can. */
  public Optional<String> refusal(Path file) {
    if (isAllowed(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          this == WRITE && Files.getFileStore(file).isReadOnly()
              ? refusal + ": its file system is mounted read-only"
              : by(Files.getAttribute(file, "unix:uid")));
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return Optional.of(refusal + " by this user");
    }
  }

  private String by(Object owner) throws IOException {
    Path self = Path.of("/proc/self");
    String user = Files.exists(self) ? "uid " + Files.getAttribute(self, "unix:uid") + "; " : "";
    return refusal + " by this user (" + user + "it belongs to uid " + owner + ")";
  }

  private boolean isAllowed(Path file) {
    boolean open = !Files.isDirectory(file) || Files.isExecutable(file);
    return open && (this == READ ? Files.isReadable(file) : Files.isWritable(file));
  }
}
