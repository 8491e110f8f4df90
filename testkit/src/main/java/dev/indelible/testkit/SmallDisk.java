// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** An in-memory disk whose size can be changed while it is used. Needs root. */
public final class SmallDisk {
  private static final int ATTEMPTS = 100;

  private final Path at;

  private SmallDisk(Path at) {
    this.at = at;
  }

  /** Mounts a disk of this size; empty if this process may not mount disks. */
  public static Optional<SmallDisk> mount(Path at, long bytes) throws Exception {
    String options = "size=" + bytes + ",mode=0700";
    return run("mount", "-t", "tmpfs", "-o", options, "tmpfs", at.toString())
        ? Optional.of(new SmallDisk(at))
        : Optional.empty();
  }

  /** Mounts a disk of this size; skips the test if this process may not mount disks. */
  public static SmallDisk require(Path at, long bytes) throws Exception {
    Optional<SmallDisk> mounted = mount(at, bytes);
    assumeTrue(mounted.isPresent(), "skipped: no disk can be mounted here (root)");
    return mounted.get();
  }

  /** Changes the size so that this many bytes are free, or fewer if others write meanwhile. */
  public void leaveFree(long bytes) throws Exception {
    FileStore store = Files.getFileStore(at);
    for (int i = 0; i < ATTEMPTS; i++) {
      if (canResize(store.getTotalSpace() - store.getUnallocatedSpace() + bytes)) {
        return;
      }
    }
    throw new IOException(at + " grows faster than it can be limited");
  }

  /**
   * Changes the size.
   *
   * @throws IOException for a size below the used space
   */
  public void resize(long bytes) throws Exception {
    if (!canResize(bytes)) {
      throw new IOException("%s cannot have %s bytes".formatted(at, bytes));
    }
  }

  private boolean canResize(long bytes) throws Exception {
    return run("mount", "-o", "remount,size=" + bytes, at.toString());
  }

  /** Unmounts the disk, even while files on it are mapped. */
  public void unmount() throws Exception {
    run("umount", "-l", at.toString());
  }

  private static boolean run(String... command) throws Exception {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
