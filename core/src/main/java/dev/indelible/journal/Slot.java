// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One process's place in a journal directory: a directory with a file that is locked while it is in
 * use and says which journal this is, of which ledger, and the segments beside it. The operating
 * system lets go of the lock when the process ends, however it ends.
 */
final class Slot implements AutoCloseable {
  private static final String IDENTITY_FILE = "journal.id";
  private static final Pattern IDENTITY =
      Pattern.compile(
          "indelible journal (\\d{1,9})\njournal ([0-9a-f-]{36})\nledger ([0-9a-f-]{36})\n");
  private static final Pattern SEGMENT_FILE = Pattern.compile("\\d{12}\\.seg(\\.new)?");
  private static final int MAX_IDENTITY_BYTES = 256;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private final Path directory;
  private final FileChannel identityFile;
  private final FileLock lock;
  private final UUID journal;
  private final UUID ledger;

  private Slot(Path directory, FileChannel identityFile, FileLock lock, UUID journal, UUID ledger) {
    this.directory = directory;
    this.identityFile = identityFile;
    this.lock = lock;
    this.journal = journal;
    this.ledger = ledger;
  }

  /**
   * Takes a slot for this process; makes it first if it is not there.
   *
   * @param ledger the ledger it belongs to
   * @return empty if another process has it
   */
  static Optional<Slot> take(Path directory, UUID ledger) throws IOException, JournalException {
    makeDirectory(directory);
    check(directory, Optional.of(ledger));
    Path file = directory.resolve(IDENTITY_FILE);
    FileChannel channel = openFile(file);
    try {
      Optional<FileLock> lock = lock(channel, file);
      if (lock.isEmpty()) {
        channel.close();
        return Optional.empty();
      }
      UUID journal = identify(channel, file, ledger);
      return Optional.of(new Slot(directory, channel, lock.get(), journal, ledger));
    } catch (IOException | JournalException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Checks a slot without taking it.
   *
   * @param ledger the ledger it must belong to, if that is known
   * @return the ledger it belongs to; empty if it does not say so yet
   */
  static Optional<UUID> check(Path directory, Optional<UUID> ledger)
      throws IOException, JournalException {
    requireOwn(directory, true);
    requireKnownFiles(directory);
    Path file = directory.resolve(IDENTITY_FILE);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(UUID.fromString(parse(text, file, ledger).group(3)));
  }

  /** Opens a file of a journal, made if it is not there; never through a link. */
  static FileChannel openFile(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS),
        Segment.ownerOnly(file.toAbsolutePath().getParent()));
  }

  /** The ledger it belongs to. */
  UUID ledger() {
    return ledger;
  }

  Path directory() {
    return directory;
  }

  UUID journal() {
    return journal;
  }

  /** Opens the segments in order, linked to each other. */
  List<Segment> openSegments() throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>();
    for (Path file : segmentFiles()) {
      if (file.toString().endsWith(".new")) {
        Files.delete(file);
        continue;
      }
      if (Files.size(file) == 0) {
        // Given back and not yet removed when its process died.
        Files.delete(file);
        continue;
      }
      Segment segment = Segment.open(file, journal);
      if (!segments.isEmpty()) {
        Segment before = segments.get(segments.size() - 1);
        if (segment.number() != before.number() + 1 || segment.base() != before.end()) {
          throw new JournalException(
              "%s: does not follow %s; a segment between them is missing"
                  .formatted(file, before.file().getFileName()));
        }
        before.follow(segment);
      }
      segments.add(segment);
    }
    return segments;
  }

  @Override
  public void close() throws IOException {
    lock.release();
    identityFile.close();
  }

  /** Makes a directory that only its owner can reach, if it is not there. */
  static void makeDirectory(Path directory) throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      if (isPosix(directory.toAbsolutePath().getParent())) {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } else {
        Files.createDirectory(directory);
      }
    } catch (FileAlreadyExistsException e) {
      // Another process that starts at the same time was first.
    }
  }

  /**
   * Refuses what is not a plain file or directory of this user's, closed to the writing of others.
   */
  static void requireOwn(Path path, boolean directory) throws IOException, JournalException {
    boolean plain =
        directory
            ? Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
            : Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    if (!plain) {
      throw new JournalException(
          "%s: not a %s but a link or something else; a journal is never kept through one. Remove it"
              .formatted(path, directory ? "directory" : "regular file"));
    }
    if (!isPosix(path)) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new JournalException(
          "%s: others can write to it (mode %s), so what is in it proves nothing; run 'chmod go-w %s'"
              .formatted(path, PosixFilePermissions.toString(mode), path));
    }
    Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(self)) {
      throw new JournalException(
          "%s: belongs to another user (uid %s, this process is uid %s)"
              .formatted(path, owner, self));
    }
  }

  private static UUID identify(FileChannel channel, Path file, UUID ledger)
      throws IOException, JournalException {
    ByteBuffer bytes = ByteBuffer.allocate(MAX_IDENTITY_BYTES);
    channel.read(bytes, 0);
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
    if (text.isEmpty()) {
      UUID journal = UUID.randomUUID();
      String identity =
          "indelible journal %d\njournal %s\nledger %s\n"
              .formatted(Segment.VERSION, journal, ledger);
      channel.write(ByteBuffer.wrap(identity.getBytes(StandardCharsets.ISO_8859_1)), 0);
      channel.force(true);
      return journal;
    }
    return UUID.fromString(parse(text, file, Optional.of(ledger)).group(2));
  }

  private static Matcher parse(String text, Path file, Optional<UUID> ledger)
      throws JournalException {
    Matcher identity = IDENTITY.matcher(text);
    if (!identity.matches()) {
      throw new JournalException(
          file + ": does not say which journal this is; move the journal away");
    }
    int version = Integer.parseInt(identity.group(1));
    if (version > Segment.VERSION) {
      throw new JournalException(
          "%s: a journal of version %d, and this Indelible knows up to %d; use a newer one"
              .formatted(file, version, Segment.VERSION));
    }
    if (ledger.isPresent() && !identity.group(3).equals(ledger.get().toString())) {
      throw new JournalException(
          "%s: this journal belongs to ledger %s, and the ledger here is %s; put it back where it was"
              .formatted(file, identity.group(3), ledger.get()));
    }
    return identity;
  }

  private static Optional<FileLock> lock(FileChannel channel, Path file)
      throws IOException, JournalException {
    try {
      return Optional.ofNullable(channel.tryLock());
    } catch (OverlappingFileLockException e) {
      // Taken by another log open in this very process.
      return Optional.empty();
    } catch (IOException e) {
      throw new JournalException(
          file
              + ": cannot be locked ("
              + e.getMessage()
              + "); a journal needs a file system with locks",
          e);
    }
  }

  private static void requireKnownFiles(Path directory) throws IOException, JournalException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (!name.equals(IDENTITY_FILE) && !SEGMENT_FILE.matcher(name).matches()) {
          throw new JournalException(file + ": does not belong in a journal; move it away");
        }
        requireOwnIfThere(file);
      }
    }
  }

  /** A file that is gone was renamed or removed by the process whose place this is. */
  private static void requireOwnIfThere(Path file) throws IOException, JournalException {
    try {
      requireOwn(file, false);
    } catch (JournalException | NoSuchFileException e) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  private Set<Path> segmentFiles() throws IOException {
    Set<Path> found = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.seg*")) {
      files.forEach(found::add);
    }
    return found;
  }

  private static boolean isPosix(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }
}
