// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import dev.indelible.base.DurableFiles;
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
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The keys of one data directory: {@code audit.pem}, the private key that signs rows (PKCS#8, mode
 * 0600, in a directory of mode 0700), and a {@code <key id>.pub.pem} for each key whose signatures
 * are accepted. While the signing key is exchanged, {@code next.pem} is the one to come.
 *
 * <p>A private key that anyone but its owner could read is refused.
 */
public final class KeyDirectory {
  /** The private key's file. */
  public static final String PRIVATE_KEY = "audit.pem";

  /** The private key that is to be the next, until the chain has introduced it. */
  private static final String NEXT_KEY = "next.pem";

  /** Says that the private key is kept elsewhere, so that none is made here in its place. */
  private static final String ELSEWHERE = "elsewhere";

  /** Held while a key is exchanged for the next. */
  private static final String ROTATION_LOCK = ".rotation.lock";

  private static final String PUBLIC_SUFFIX = ".pub.pem";
  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private final Path directory;

  public KeyDirectory(Path directory) {
    this.directory = directory;
  }

  /** Whether there is a private key. */
  public boolean hasSigningKey() {
    return Files.exists(privateKey(), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The signing key; made and stored first if there is none. Of several processes that start at
   * once, one makes the key and all use it.
   */
  public SigningKey openOrCreate() throws KeyException {
    if (!hasSigningKey()) {
      requireNotElsewhere();
      create();
    }
    return open();
  }

  /** Returns the signing key, and stores its public half if that is not there. */
  public SigningKey open() throws KeyException {
    SigningKey key = read();
    publish(key.verificationKey());
    return key;
  }

  /** Returns the signing key. Writes nothing. */
  public SigningKey read() throws KeyException {
    requireOwnerOnly(directory, OWNER_DIRECTORY, "700");
    Path file = privateKey();
    if (!hasSigningKey()) {
      requireNotElsewhere();
      throw new KeyException(file + ": no such key; make one with 'indelible keys init'");
    }
    return read(file, "a key is never read through a link; copy it here with mode 600");
  }

  private static SigningKey read(Path file, String advice) throws KeyException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new KeyException(file + ": not a regular file; " + advice);
    }
    requireOwnerOnly(file, OWNER_FILE, "600");
    return SigningKey.fromPem(read(file), file.toString());
  }

  /**
   * Exchanges the signing key for a new one. The new one is stored first, then introduced, and
   * signs only after that: wherever this is cut short, the old key goes on, or the new one does and
   * is introduced. Called again, it finishes what was cut short.
   *
   * @param chain puts on record that the one key introduces the other
   * @throws KeyException if another process is at it, or a key cannot be read or stored
   */
  public <X extends Exception> Rotation rotate(Introduction<X> chain) throws KeyException, X {
    return alone(() -> rotateAlone(open(), chain));
  }

  /**
   * Puts a new signing key in the place of one that is lost. The new one is stored first, then put
   * on record, and signs only after that: wherever this is cut short, there is still no signing
   * key, and called again it finishes what was cut short. A file in the lost key's place that is
   * not the log's key is kept under another name.
   *
   * @param loss confirmed while no other process exchanges the key
   * @throws KeyException if the key is not lost, another process exchanges the key, or a key cannot
   *     be read or stored
   */
  public <X extends Exception> Replacement replace(Loss<X> loss) throws KeyException, X {
    try {
      makeDirectory();
    } catch (IOException e) {
      throw new KeyException(directory + ": cannot be made: " + reason(e), e);
    }
    requireOwnerOnly(directory, OWNER_DIRECTORY, "700");
    return alone(() -> replaceAlone(loss.confirm()));
  }

  private <X extends Exception> Replacement replaceAlone(Succession<X> chain)
      throws KeyException, IOException, X {
    Staged staged = stage(chain::isOnRecord);
    if (!staged.onRecord()) {
      chain.begin(staged.key());
    }
    Path unusable = privateKey();
    if (Files.exists(unusable, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(unusable, directory.resolve(PRIVATE_KEY + ".unusable-" + System.nanoTime()));
    }
    takeOver(directory.resolve(NEXT_KEY), staged.key());
    Files.deleteIfExists(directory.resolve(ELSEWHERE));
    return new Replacement(staged.key().verificationKey(), staged.onRecord());
  }

  /**
   * What took the place of a lost key.
   *
   * @param to the key that signs from now on
   * @param resumed whether this finished what was cut short before
   */
  public record Replacement(VerificationKey to, boolean resumed) {}

  /** The loss of a key. */
  @FunctionalInterface
  public interface Loss<X extends Exception> {
    /**
     * Returns where the next key is put on record.
     *
     * @throws KeyException if the key is not lost
     */
    Succession<X> confirm() throws KeyException, X;
  }

  /** Where it is on record that a key follows a lost one. */
  public interface Succession<X extends Exception> {
    /** Whether it is on record that this key signs. */
    boolean isOnRecord(VerificationKey key) throws X;

    /** Puts it on record, durably, that this key signs from there on. */
    void begin(SigningKey next) throws X;
  }

  /**
   * Hands over to a key that is kept elsewhere, after the present one has introduced it, and
   * removes the present one. Called again, it finishes what was cut short.
   *
   * @param next the signer that signs from now on
   * @param chain puts on record that the one key introduces the other
   */
  public <X extends Exception> void handOver(Signer next, Introduction<X> chain)
      throws KeyException, X {
    alone(
        () -> {
          SigningKey current = open();
          if (!chain.isIntroduced(next.verificationKey())) {
            chain.introduce(current, next);
          }
          useElsewhere(next.verificationKey());
          Files.delete(privateKey());
          syncDirectory();
          return next;
        });
  }

  /** Notes that rows are signed by a key that is kept elsewhere: none is made here. */
  public void useElsewhere(VerificationKey key) throws KeyException {
    try {
      makeDirectory();
      requireOwnerOnly(directory, OWNER_DIRECTORY, "700");
      publish(key);
      writeOnce(directory.resolve(ELSEWHERE), "the private key is not kept here\n");
    } catch (IOException e) {
      throw new KeyException(directory + ": cannot be written to: " + reason(e), e);
    }
  }

  private <T, X extends Exception> T alone(Exchange<T, X> exchange) throws KeyException, X {
    try (FileChannel channel =
            FileChannel.open(
                directory.resolve(ROTATION_LOCK),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw new KeyException(directory + ": another process is exchanging the key; wait for it");
      }
      return exchange.run();
    } catch (OverlappingFileLockException e) {
      throw new KeyException(directory + ": the key is being exchanged already; wait for that", e);
    } catch (IOException e) {
      throw new KeyException(
          "%s: the key could not be exchanged: %s; run it again".formatted(directory, reason(e)),
          e);
    }
  }

  /** Something that only one process does at a time. */
  @FunctionalInterface
  private interface Exchange<T, X extends Exception> {
    T run() throws KeyException, IOException, X;
  }

  private <X extends Exception> Rotation rotateAlone(SigningKey current, Introduction<X> chain)
      throws KeyException, IOException, X {
    Staged staged = stage(chain::isIntroduced);
    if (!staged.onRecord()) {
      chain.introduce(current, staged.key());
    }
    takeOver(directory.resolve(NEXT_KEY), staged.key());
    return new Rotation(
        current.verificationKey(), staged.key().verificationKey(), staged.onRecord());
  }

  /** Returns the key to come: the one that was put on record before, or else a new one, stored. */
  private <X extends Exception> Staged stage(OnRecord<X> chain)
      throws KeyException, IOException, X {
    Path staged = directory.resolve(NEXT_KEY);
    if (Files.exists(staged, LinkOption.NOFOLLOW_LINKS)) {
      SigningKey next = read(staged, "move it away if it is none of this log's");
      if (chain.has(next.verificationKey())) {
        return new Staged(next, true);
      }
      Files.delete(staged);
    }
    writeOnce(staged, SigningKey.generate().toPem());
    return new Staged(read(staged, "run it again"), false);
  }

  /**
   * The key to come, in {@link #NEXT_KEY}.
   *
   * @param onRecord whether the chain has it already
   */
  private record Staged(SigningKey key, boolean onRecord) {}

  /** Tells whether a key is on record. */
  @FunctionalInterface
  private interface OnRecord<X extends Exception> {
    boolean has(VerificationKey key) throws X;
  }

  /** Its public half first: whoever meets a row of the new key must know it. */
  private void takeOver(Path staged, SigningKey next) throws KeyException, IOException {
    publish(next.verificationKey());
    Files.move(
        staged, privateKey(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory();
  }

  /**
   * What was exchanged.
   *
   * @param from the key that signed before
   * @param to the key that signs from now on
   * @param resumed whether this finished what was cut short before
   */
  public record Rotation(VerificationKey from, VerificationKey to, boolean resumed) {}

  /** Where it is on record that one key introduces another. */
  public interface Introduction<X extends Exception> {
    /** Whether it is on record that this key was introduced. */
    boolean isIntroduced(VerificationKey key) throws X;

    /** Puts it on record, durably, that the one introduces the other. */
    void introduce(SigningKey current, Signer next) throws X;
  }

  /** Whether rows are signed by a key that is kept elsewhere, and none here. */
  public boolean isElsewhere() {
    return !hasSigningKey()
        && Files.exists(directory.resolve(ELSEWHERE), LinkOption.NOFOLLOW_LINKS);
  }

  private void requireNotElsewhere() throws KeyException {
    if (isElsewhere()) {
      throw new KeyException(
          directory
              + ": the key that signs is kept elsewhere; only a program that has its signer can"
              + " record here (Indelible.builder(...).signer(...))");
    }
  }

  /** Every public key whose signatures are accepted here, in file name order. */
  public KeyRing accepted() throws KeyException {
    List<VerificationKey> keys = new ArrayList<>();
    for (Path file : publicKeys()) {
      keys.add(VerificationKey.fromPem(read(file), file.toString()));
    }
    return KeyRing.of(keys);
  }

  private Set<Path> publicKeys() throws KeyException {
    Set<Path> files = new TreeSet<>();
    // Not there is none; there and not readable, or not a directory, is an error below (D11).
    if (Files.notExists(directory)) {
      return files;
    }
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*" + PUBLIC_SUFFIX)) {
      found.forEach(files::add);
      return files;
    } catch (IOException e) {
      throw new KeyException(directory + ": " + unreadable(directory, "be listed", e), e);
    }
  }

  private void create() throws KeyException {
    SigningKey key = SigningKey.generate();
    try {
      makeDirectory();
      requireOwnerOnly(directory, OWNER_DIRECTORY, "700");
      writeOnce(privateKey(), key.toPem());
    } catch (IOException e) {
      throw new KeyException(directory + ": the audit key cannot be stored: " + reason(e), e);
    }
  }

  private void makeDirectory() throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path existing = directory.toAbsolutePath();
    while (Files.notExists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    Files.createDirectories(directory, DurableFiles.ownerOnlyDirectory(existing));
  }

  private void publish(VerificationKey key) throws KeyException {
    Path file = directory.resolve(key.keyId() + PUBLIC_SUFFIX);
    if (Files.exists(file)) {
      return;
    }
    try {
      writeOnce(file, key.toPem());
    } catch (IOException e) {
      throw new KeyException(file + ": the public key cannot be stored: " + reason(e), e);
    }
  }

  /**
   * Writes a file that appears complete and on disk or not at all, and leaves one that is already
   * there: it is written aside, synced, and given its name last.
   */
  private void writeOnce(Path file, String text) throws IOException {
    Path aside =
        Files.createTempFile(directory, ".new-", ".pem", DurableFiles.ownerOnlyFile(directory));
    try {
      try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      nameOnce(aside, file);
      syncDirectory();
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  private static void nameOnce(Path aside, Path file) throws IOException {
    try {
      try {
        Files.createLink(file, aside);
      } catch (UnsupportedOperationException e) {
        Files.move(aside, file);
      }
    } catch (FileAlreadyExistsException e) {
      // Another process was first; its key is the key.
    }
  }

  private void syncDirectory() {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every platform can open a directory; those that cannot also need no sync of it.
    }
  }

  private static void requireOwnerOnly(Path path, Set<PosixFilePermission> allowed, String mode)
      throws KeyException {
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) || !DurableFiles.isPosix(path)) {
        return;
      }
      Set<PosixFilePermission> actual =
          Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
      if (!allowed.containsAll(actual)) {
        throw new ExposedKeyException(
            "%s: others can reach this key (mode %s); run 'chmod %s %s', and replace the key if they may have read it"
                .formatted(path, PosixFilePermissions.toString(actual), mode, path));
      }
    } catch (IOException e) {
      throw new KeyException(path + ": its permissions cannot be read: " + reason(e), e);
    }
  }

  private static String read(Path file) throws KeyException {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new KeyException(file + ": " + unreadable(file, "be read as PEM text", e), e);
    }
  }

  private static String unreadable(Path file, String use, IOException e) {
    return FileAccess.READ.refusal(file).orElse("cannot " + use + ": " + reason(e));
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  private Path privateKey() {
    return directory.resolve(PRIVATE_KEY);
  }
}
