// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A disk that records what was synced and computes what a power cut would leave: of a file, its
 * synced content and any subset of the pages written since; of a directory, its synced names and
 * any subset of the names changed since.
 */
final class PowerlessDisk extends Disk {
  private static final int PAGE = 4096;

  /**
   * Synced content, keyed by the current name of the file. A file that was never synced has no
   * entry.
   */
  private final Map<Path, byte[]> synced = new HashMap<>();

  /**
   * Synced names of each directory. A name whose file was removed since then has that file's
   * content.
   */
  private final Map<Path, Map<Path, byte[]>> names = new HashMap<>();

  private boolean broken;

  /** Makes syncs of files fail, or succeed again. */
  synchronized void breakSyncs(boolean fail) {
    broken = fail;
  }

  /** Treats all current files as synced. */
  synchronized PowerlessDisk treatAsSynced(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        if (Files.isDirectory(file)) {
          noteNames(file);
        } else {
          synced.put(file, Files.readAllBytes(file));
        }
      }
    }
    return this;
  }

  @Override
  synchronized void sync(Path file, FileChannel channel) throws IOException {
    noteContent(file);
  }

  @Override
  synchronized void sync(Path file, MappedByteBuffer map, int length) throws IOException {
    if (Files.exists(file)) {
      byte[] before = synced.get(file);
      noteContent(file);
      if (before != null) {
        // Pages after the synced ones keep their earlier content.
        byte[] now = synced.get(file);
        int end = Math.min(now.length, (length + PAGE - 1) / PAGE * PAGE);
        System.arraycopy(before, end, now, end, now.length - end);
      }
    }
  }

  private void noteContent(Path file) throws IOException {
    if (broken) {
      throw new IOException("Input/output error");
    }
    synced.put(file, Files.readAllBytes(file));
  }

  @Override
  synchronized void syncNames(Path directory) throws IOException {
    noteNames(directory);
  }

  private void noteNames(Path directory) throws IOException {
    Map<Path, byte[]> now = new HashMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      files.filter(Files::isRegularFile).forEach(file -> now.put(file, new byte[0]));
    }
    names.put(directory, now);
  }

  @Override
  synchronized void rename(Path from, Path to) throws IOException {
    if (Files.exists(to)) {
      throw new FileAlreadyExistsException(to.toString());
    }
    super.rename(from, to);
    synced.put(to, synced.remove(from));
  }

  @Override
  synchronized void remove(Path file) throws IOException {
    byte[] content = synced.remove(file);
    Map<Path, byte[]> directory = names.get(file.getParent());
    if (directory != null && directory.containsKey(file)) {
      directory.put(file, content == null ? new byte[0] : content);
    }
    super.remove(file);
  }

  /** Writes to {@code to} what a power cut at this moment would leave of {@code from}. */
  synchronized void cut(Path from, Path to, Random random) throws IOException {
    try (Stream<Path> entries = Files.walk(from)) {
      for (Path directory : entries.filter(Files::isDirectory).toList()) {
        Path image = to.resolve(from.relativize(directory).toString());
        Files.createDirectories(image);
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rwx------"));
        cutDirectory(directory, image, random);
      }
    }
  }

  private void cutDirectory(Path directory, Path image, Random random) throws IOException {
    Map<Path, byte[]> durable = names.getOrDefault(directory, Map.of());
    Set<Path> all = new HashSet<>(durable.keySet());
    try (Stream<Path> files = Files.list(directory)) {
      files.filter(Files::isRegularFile).forEach(all::add);
    }
    for (Path file : all) {
      boolean now = Files.exists(file);
      boolean then = durable.containsKey(file);
      // A synced name that still exists is kept. A name that was created or removed since may or
      // may not exist.
      if (now && then || random.nextBoolean()) {
        Path target = image.resolve(file.getFileName().toString());
        Files.write(target, now ? cutFile(file, random) : removed(durable.get(file), random));
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
      }
    }
  }

  /**
   * Returns the content that a removed file may have after a cut. A segment is emptied before it is
   * removed, so the content may be empty.
   */
  private static byte[] removed(byte[] content, Random random) {
    return random.nextBoolean() ? content : new byte[0];
  }

  private byte[] cutFile(Path file, Random random) {
    try {
      byte[] now = Files.readAllBytes(file);
      byte[] then = synced.get(file);
      byte[] left = then == null ? new byte[now.length] : Arrays.copyOf(then, now.length);
      int kept = random.nextInt(3);
      for (int at = 0; at < now.length; at += PAGE) {
        // Keeps all, none or some of the pages written since the last sync.
        if (kept == 1 || kept == 2 && random.nextBoolean()) {
          System.arraycopy(now, at, left, at, Math.min(PAGE, now.length - at));
        }
      }
      return left;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
