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
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process's place in a journal directory: a directory with a file that is locked while it is in
 * use, one that says which journal this is, of which ledger, and the segments beside them. The
 * operating system lets go of the lock when the process ends, however it ends.
 *
 * <p>POSIX gives up a lock when its process closes <em>any</em> descriptor of the locked file. The
 * lock is therefore on a file that is opened for nothing else, and not at all for a place that this
 * process has already.
 */
final class Slot implements AutoCloseable {
  private static final String LOCK_FILE = "lock";
  private static final String IDENTITY_FILE = "journal.id";
  private static final String UNNAMED_IDENTITY_FILE = IDENTITY_FILE + ".new";
  private static final Set<String> OWN_FILES =
      Set.of(LOCK_FILE, IDENTITY_FILE, UNNAMED_IDENTITY_FILE);
  private static final String UUID_FORM = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
  private static final Pattern IDENTITY =
      Pattern.compile(
          "indelible journal (\\d{1,9})\njournal %s\nledger %s\n".formatted(UUID_FORM, UUID_FORM));
  private static final Pattern SEGMENT_FILE = Pattern.compile("\\d{12}\\.seg(\\.new)?");
  private static final int MAX_IDENTITY_BYTES = 256;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private static final Logger LOG = LoggerFactory.getLogger(Slot.class);

  /** The places that this process has, as the file system knows them. */
  private static final Set<Object> HELD = ConcurrentHashMap.newKeySet();

  /** Lock files that stay open, because closing them would give up a lock of somebody else's. */
  static final List<FileChannel> LEFT_OPEN = new CopyOnWriteArrayList<>();

  private final Path directory;
  private final Disk disk;
  private final Object key;
  private final FileLock lock;
  private final UUID journal;
  private final UUID ledger;

  private Slot(Path directory, Disk disk, Object key, FileLock lock, UUID journal, UUID ledger) {
    this.directory = directory;
    this.disk = disk;
    this.key = key;
    this.lock = lock;
    this.journal = journal;
    this.ledger = ledger;
  }

  /**
   * Takes a slot for this process; makes it first if it is not there. The caller has the {@link
   * DirectoryLock}.
   *
   * @param ledger the ledger it belongs to
   * @return empty if it is taken, by another process or by another log in this one
   */
  static Optional<Slot> take(Path directory, UUID ledger, Disk disk)
      throws IOException, JournalException {
    makeDirectory(directory, disk);
    check(directory, Optional.of(ledger));
    Object key = key(directory);
    if (!HELD.add(key)) {
      return Optional.empty();
    }
    Optional<FileLock> lock = Optional.empty();
    boolean taken = false;
    try {
      Path file = directory.resolve(LOCK_FILE);
      lock = lock(file, openLockFile(file), disk::tryLock);
      if (lock.isEmpty()) {
        return Optional.empty();
      }
      UUID journal = identify(directory, ledger, disk);
      taken = true;
      return Optional.of(new Slot(directory, disk, key, lock.get(), journal, ledger));
    } finally {
      if (!taken) {
        if (lock.isPresent()) {
          lock.get().acquiredBy().close();
        }
        HELD.remove(key);
      }
    }
  }

  /**
   * Checks a slot without taking it.
   *
   * @param ledger the ledger it must belong to, if that is known
   * @return the ledger it belongs to; empty if it does not say so yet, or was retired meanwhile
   */
  static Optional<UUID> check(Path directory, Optional<UUID> ledger)
      throws IOException, JournalException {
    try {
      requireOwn(directory, true);
      requireKnownFiles(directory);
      Path file = directory.resolve(IDENTITY_FILE);
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      return Optional.of(UUID.fromString(readIdentity(file, ledger).group(3)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns a slot that was retired. Anything else that lies among the retired slots is left there.
   *
   * @param free where retired slots are
   * @param ledger the ledger it must belong to; if any, empty
   * @param used journals that slots in use have; after a restored backup a retired slot may have
   *     one of them
   */
  static Optional<Path> findRetired(Path free, Optional<UUID> ledger, Set<UUID> used)
      throws IOException {
    if (!Files.exists(free, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(free)) {
      for (Path entry : entries) {
        if (isRetired(entry, ledger) && !used.contains(UUID.fromString(name(entry)))) {
          return Optional.of(entry);
        }
      }
    }
    return Optional.empty();
  }

  /** Whether this is a slot of this user's, under the id of its journal. */
  private static boolean isRetired(Path directory, Optional<UUID> ledger) throws IOException {
    try {
      requireOwn(directory, true);
      requireKnownFiles(directory);
      Matcher identity = readIdentity(directory.resolve(IDENTITY_FILE), ledger);
      return name(directory).equals(identity.group(2));
    } catch (JournalException e) {
      LOG.debug("{}: not used: {}", directory, e.getMessage());
      return false;
    } catch (NoSuchFileException e) {
      // No journal.id, or another process reused the slot just now.
      return false;
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  /**
   * Makes a slot of one that was retired. Durable before it returns: what is accepted in the slot
   * must not be in a directory that a power cut moves back. The caller has the {@link
   * DirectoryLock}.
   */
  static void reuse(Path retired, Path directory, Disk disk) throws IOException {
    disk.rename(retired, directory);
    disk.syncNames(directory.toAbsolutePath().getParent());
    disk.syncNames(retired.toAbsolutePath().getParent());
  }

  /**
   * Moves this slot, in which nothing waits, out of the way of later starts. Until it is reused it
   * costs them nothing. Its journal keeps its id, so the ledger's position of it stays true. The
   * caller has the {@link DirectoryLock}, and closes this slot.
   *
   * @param free where retired slots are
   */
  void retire(Path free) throws IOException {
    makeDirectory(free, disk);
    for (Path segment : segmentFiles()) {
      // Settled, or never finished; a power cut may bring it back, and a reuse removes it then.
      Files.delete(segment);
    }
    disk.rename(directory, free.resolve(journal.toString()));
  }

  /** Whether there is a file of a segment in it, finished or not. */
  boolean hasSegments() throws IOException {
    return !segmentFiles().isEmpty();
  }

  /**
   * Returns whether a process has a slot. A free one is locked for the moment of the question, and
   * the directory with it: a process that starts in that moment waits, and then adopts the slot.
   *
   * @throws JournalException if the slot cannot be locked here, or the directory is locked for long
   */
  static boolean isTaken(Path directory, Disk disk) throws IOException, JournalException {
    Path file = directory.resolve(LOCK_FILE);
    Path all = Objects.requireNonNull(directory.getParent());
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        || !Files.exists(all.resolve(DirectoryLock.FILE), LinkOption.NOFOLLOW_LINKS)) {
      // A process takes a slot only after it made both files.
      return false;
    }
    DirectoryLock lock = DirectoryLock.acquireToRead(all, disk);
    try {
      return isLocked(directory, file, disk);
    } finally {
      lock.close();
    }
  }

  private static boolean isLocked(Path directory, Path file, Disk disk)
      throws IOException, JournalException {
    Object key = key(directory);
    if (!HELD.add(key)) {
      return true;
    }
    try {
      Optional<FileLock> lock = lock(file, openLockFileToRead(file), disk::tryLockShared);
      if (lock.isPresent()) {
        lock.get().acquiredBy().close();
      }
      return lock.isEmpty();
    } finally {
      HELD.remove(key);
    }
  }

  /**
   * Returns which journal a slot has; empty if it does not say so yet.
   *
   * @param ledger the ledger it must belong to, if that is known
   */
  static Optional<UUID> journal(Path directory, Optional<UUID> ledger)
      throws IOException, JournalException {
    Path file = directory.resolve(IDENTITY_FILE);
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(UUID.fromString(readIdentity(file, ledger).group(2)))
        : Optional.empty();
  }

  /**
   * Adds the extent of a slot's journal, if it has segments. Changes nothing.
   *
   * @param extents by journal
   */
  static void readExtent(Path directory, Map<UUID, Extent> extents)
      throws IOException, JournalException {
    Path identity = directory.resolve(IDENTITY_FILE);
    if (!Files.exists(identity, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    UUID journal = UUID.fromString(readIdentity(identity, Optional.empty()).group(2));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.seg")) {
      for (Path file : files) {
        if (Files.size(file) > 0) {
          Segment.Header header = Segment.readHeader(file, journal);
          extents.merge(
              journal,
              new Extent(header.base(), header.end()),
              (one, other) ->
                  new Extent(Math.min(one.base(), other.base()), Math.max(one.end(), other.end())));
        }
      }
    } catch (NoSuchFileException e) {
      // The process that has this slot gave a segment back: where it begins is not known now.
      extents.remove(journal);
    }
  }

  /**
   * Opens a file that is only there to be locked, made if it is not there; never through a link.
   */
  static FileChannel openLockFile(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
        Segment.ownerOnly(file.toAbsolutePath().getParent()));
  }

  /** Opens a file that is there to be locked, for one who only asks whether it is locked. */
  static FileChannel openLockFileToRead(Path file) throws IOException {
    return FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
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

  Disk disk() {
    return disk;
  }

  /**
   * Checks the segments and that none is missing between them, and changes nothing.
   *
   * @param settled up to where the ledger has this journal: what is missing before that was given
   *     back
   * @return the files that have something to say, in order
   */
  List<Path> checkSegments(long settled) throws IOException, JournalException {
    List<Path> files = new ArrayList<>();
    Segment.@Nullable Header before = null;
    for (Path file : segmentFiles()) {
      if (isUnfinished(file)) {
        continue;
      }
      if (Files.size(file) == 0) {
        if (before != null && before.end() > settled) {
          throw new JournalException(
              file
                  + ": is empty, and the segment before it is still in use; the events in it are"
                  + " gone. Restore it, or move it out of the journal");
        }
        continue;
      }
      Segment.Header header = Segment.readHeader(file, journal);
      if (before != null && !header.follows(before) && header.base() > settled) {
        throw new JournalException(
            "%s: does not follow %s; a segment between them is missing. Restore it, or move this one"
                    .formatted(file, Segment.fileName(before.number()))
                + " and those after it out of the journal");
      }
      files.add(file);
      before = header;
    }
    return files;
  }

  /** Opens segments that were checked, linked to each other, and removes what is none. */
  List<Segment> openSegments(List<Path> checked) throws IOException, JournalException {
    for (Path file : segmentFiles()) {
      if (!checked.contains(file)) {
        // Not finished, or given back and not yet removed, when its process died.
        Files.delete(file);
      }
    }
    List<Segment> segments = new ArrayList<>();
    for (Path file : checked) {
      Segment segment = Segment.open(file, journal, disk);
      if (!segments.isEmpty()) {
        segments.get(segments.size() - 1).follow(segment);
      }
      segments.add(segment);
    }
    return segments;
  }

  @Override
  public void close() throws IOException {
    try {
      lock.acquiredBy().close();
    } finally {
      HELD.remove(key);
    }
  }

  /** Makes a directory that only its owner can reach, if it is not there. */
  static void makeDirectory(Path directory, Disk disk) throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    try {
      if (Disk.isPosix(parent)) {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } else {
        Files.createDirectory(directory);
      }
      disk.syncNames(parent);
    } catch (FileAlreadyExistsException e) {
      // Another process that starts at the same time was first.
    }
  }

  /**
   * Refuses what is not a plain file or directory of this user's, closed to the writing of others.
   *
   * @throws NoSuchFileException if there is nothing of that name
   */
  static void requireOwn(Path path, boolean directory) throws IOException, JournalException {
    BasicFileAttributes found =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (directory ? !found.isDirectory() : !found.isRegularFile()) {
      throw new JournalException(
          "%s: not a %s but a link or something else; a journal is never kept through one. Remove it"
              .formatted(path, directory ? "directory" : "regular file"));
    }
    if (!Disk.isPosix(path)) {
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
    Optional<Object> self = ownUid();
    if (self.isPresent() && !owner.equals(self.get())) {
      throw new JournalException(
          "%s: belongs to another user (uid %s, this process is uid %s); a journal is its own user's"
              .formatted(path, owner, self.get()));
    }
  }

  /** Who this process runs as; empty where the system does not show it as a file. */
  private static Optional<Object> ownUid() throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self)
        ? Optional.of(Files.getAttribute(self, "unix:uid"))
        : Optional.empty();
  }

  /** What tells a directory from every other, under whatever name it is reached. */
  private static Object key(Path directory) throws IOException {
    Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    return key == null ? directory.toRealPath() : key;
  }

  /** Which journal this is; made known first if it is not. The caller has the lock. */
  private static UUID identify(Path directory, UUID ledger, Disk disk)
      throws IOException, JournalException {
    Path file = directory.resolve(IDENTITY_FILE);
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return UUID.fromString(readIdentity(file, Optional.of(ledger)).group(2));
    }
    UUID journal = UUID.randomUUID();
    String identity =
        "indelible journal "
            + Segment.VERSION
            + "\njournal "
            + journal
            + "\nledger "
            + ledger
            + "\n";
    Path unnamed = directory.resolve(UNNAMED_IDENTITY_FILE);
    Files.deleteIfExists(unnamed);
    // Under its name only once it is whole, so that nobody ever reads half of it.
    try (FileChannel channel =
        FileChannel.open(
            unnamed,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            Segment.ownerOnly(directory))) {
      disk.write(channel, ByteBuffer.wrap(identity.getBytes(StandardCharsets.ISO_8859_1)), 0);
      disk.sync(unnamed, channel);
    }
    disk.rename(unnamed, file);
    disk.syncNames(directory);
    return journal;
  }

  private static Matcher readIdentity(Path file, Optional<UUID> ledger)
      throws IOException, JournalException {
    String text =
        Files.size(file) > MAX_IDENTITY_BYTES
            ? ""
            : Files.readString(file, StandardCharsets.ISO_8859_1);
    Matcher identity = IDENTITY.matcher(text);
    if (!identity.matches()) {
      throw new JournalException(
          file + ": does not say which journal this is; move the journal away");
    }
    int version = Integer.parseInt(identity.group(1));
    if (version > Segment.VERSION) {
      throw new JournalException(
          "%s: a journal of version %s, and this Indelible knows up to %s; use a newer one"
              .formatted(file, version, Segment.VERSION));
    }
    if (ledger.isPresent() && !identity.group(3).equals(ledger.get().toString())) {
      throw new JournalException(
          "%s: this journal belongs to ledger %s, and the ledger here is %s; put it back where it was"
              .formatted(file, identity.group(3), ledger.get()));
    }
    return identity;
  }

  /** What is wrong where a file cannot be locked. */
  static JournalException withoutLocks(Path file, IOException cause) {
    return new JournalException(
        "%s: cannot be locked (%s); a journal needs a file system with locks, so keep the data directory on a local disk"
            .formatted(file, cause.getMessage()),
        cause);
  }

  /** A lock that is taken if it is free. */
  @FunctionalInterface
  private interface TryLock {
    @Nullable FileLock on(FileChannel channel) throws IOException;
  }

  private static Optional<FileLock> lock(Path file, FileChannel channel, TryLock tryLock)
      throws IOException, JournalException {
    boolean keep = false;
    try {
      Optional<FileLock> lock = Optional.ofNullable(tryLock.on(channel));
      keep = lock.isPresent();
      return lock;
    } catch (OverlappingFileLockException e) {
      // Another copy of these classes in this very process has it.
      LEFT_OPEN.add(channel);
      keep = true;
      return Optional.empty();
    } catch (IOException e) {
      throw withoutLocks(file, e);
    } finally {
      if (!keep) {
        channel.close();
      }
    }
  }

  private static void requireKnownFiles(Path directory) throws IOException, JournalException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (!OWN_FILES.contains(name) && !SEGMENT_FILE.matcher(name).matches()) {
          throw new JournalException(file + ": does not belong in a journal; move it away");
        }
        try {
          requireOwn(file, false);
        } catch (NoSuchFileException e) {
          // The process that has this place is at work: it finished a segment or gave one back.
        }
      }
    }
  }

  private Set<Path> segmentFiles() throws IOException {
    return segmentFiles(directory);
  }

  /** The files of a slot's segments, also of unfinished ones, in order. */
  static Set<Path> segmentFiles(Path directory) throws IOException {
    Set<Path> found = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.seg*")) {
      files.forEach(found::add);
    }
    return found;
  }

  /** Whether a segment was not finished; then there is no event in it. */
  static boolean isUnfinished(Path file) {
    return file.toString().endsWith(".new");
  }
}
