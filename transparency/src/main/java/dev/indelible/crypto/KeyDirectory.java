// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The keys of one data directory. {@code audit.pem} is the private key that signs rows (PKCS#8,
 * mode 0600, in a directory of mode 0700). Each key whose signatures are accepted has a {@code <key
 * id>.pub.pem}. {@code redaction.key} is the secret key of the digests of redacted secrets. {@code
 * ml-dsa-44.pem} is the private ML-DSA-44 key, if there is one. During a rotation {@code next.pem}
 * is the next signing key.
 *
 * <p>A private key that another user can read is refused.
 *
 * <p>The class is long because each kind of key is created, read and replaced in its own way.
 */
public final class KeyDirectory implements KeySource {
  /** The file of the private key. */
  public static final String PRIVATE_KEY = "audit.pem";

  /** The file of the private ML-DSA-44 key. */
  private static final String ML_DSA_44_KEY = "ml-dsa-44.pem";

  /** The file of the next private key, until the chain records the rotation. */
  private static final String NEXT_KEY = "next.pem";

  /** The file whose presence means that an external signer signs; no key is generated then. */
  private static final String EXTERNAL_SIGNER = "elsewhere";

  /** The file that is locked during a rotation. */
  private static final String ROTATION_LOCK = ".rotation.lock";

  private static final String PUBLIC_SUFFIX = ".pub.pem";

  /** The file of the key under which secrets in actions get their digests, in hex. */
  private static final String REDACTION_KEY = "redaction.key";

  private static final int REDACTION_KEY_BYTES = 32;

  private final Path directory;
  private final KeyFiles files;

  /** Creates a view of a directory, which need not exist. */
  public KeyDirectory(Path directory) {
    this.directory = directory;
    this.files = new KeyFiles(directory);
  }

  /** Returns true if a private key exists. */
  public boolean hasSigningKey() {
    return Files.exists(privateKey(), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Returns the signing key. Generates one if there is none; if several processes start at once,
   * one generates the key and all use it.
   */
  public SigningKey openOrCreate() throws KeyException {
    if (!hasSigningKey()) {
      requireNotExternal();
      create();
    }
    return open();
  }

  /** Returns the signing key. Stores its public key if that is missing. */
  public SigningKey open() throws KeyException {
    SigningKey key = read();
    publish(key.verificationKey());
    return key;
  }

  /**
   * Returns the key under which redacted secrets get their digests. Generates one if there is none:
   * a new key ends the comparison with earlier digests and nothing else.
   */
  public byte[] redactionKey() throws KeyException {
    Path file = directory.resolve(REDACTION_KEY);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] key = new byte[REDACTION_KEY_BYTES];
      new SecureRandom().nextBytes(key);
      try {
        files.createDirectory();
        files.requirePrivateDirectory();
        files.writeOnce(file, HexFormat.of().formatHex(key) + "\n");
      } catch (IOException e) {
        throw new KeyException(
            file + ": the redaction key cannot be stored: " + DurableFiles.reason(e), e);
      }
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new KeyException(file + ": not a regular file; a key is never read through a link");
    }
    KeyFiles.requirePrivate(file);
    String text = KeyFiles.read(file).strip();
    if (text.length() != 2 * REDACTION_KEY_BYTES) {
      throw unreadableRedactionKey(file);
    }
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      throw unreadableRedactionKey(file);
    }
  }

  private static KeyException unreadableRedactionKey(Path file) {
    return new KeyException(
        "%s: is not %s bytes in hex; restore it, or delete it, and the next start creates another"
            .formatted(file, REDACTION_KEY_BYTES));
  }

  /** Returns true if a private ML-DSA-44 key exists. */
  public boolean hasMlDsa44() {
    return Files.exists(directory.resolve(ML_DSA_44_KEY), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Returns the private ML-DSA-44 key. Generates one if there is none; if several processes start
   * at once, one generates the key and all use it.
   */
  public MlDsa44SigningKey openOrCreateMlDsa44() throws KeyException {
    if (!hasMlDsa44()) {
      try {
        files.createDirectory();
        files.requirePrivateDirectory();
        files.writeOnce(directory.resolve(ML_DSA_44_KEY), MlDsa44SigningKey.generate().toPem());
      } catch (IOException e) {
        throw new KeyException(
            directory + ": the ML-DSA-44 key cannot be stored: " + DurableFiles.reason(e), e);
      }
    }
    return openMlDsa44();
  }

  /** Returns true if the private half of an ML-DSA-44 key is here and can be used. */
  public boolean holdsMlDsa44(MlDsa44Key key) {
    try {
      return openMlDsa44().verificationKey().equals(key);
    } catch (KeyException e) {
      return false;
    }
  }

  /**
   * Generates and stores an ML-DSA-44 key in place of a lost one. If a file exists in its place, it
   * is renamed and kept.
   */
  public MlDsa44SigningKey replaceMlDsa44() throws KeyException {
    Path file = directory.resolve(ML_DSA_44_KEY);
    try {
      if (hasMlDsa44()) {
        Files.move(file, directory.resolve(ML_DSA_44_KEY + ".unusable-" + System.nanoTime()));
      }
    } catch (IOException e) {
      throw new KeyException(file + ": cannot be renamed: " + DurableFiles.reason(e), e);
    }
    return openOrCreateMlDsa44();
  }

  /** Returns the private ML-DSA-44 key, which must exist. Writes nothing. */
  public MlDsa44SigningKey openMlDsa44() throws KeyException {
    files.requirePrivateDirectory();
    Path file = directory.resolve(ML_DSA_44_KEY);
    if (!hasMlDsa44()) {
      throw new KeyException(file + ": does not exist; restore it from a copy");
    }
    requireOwnFile(file, "a key is never read through a link; copy it here with mode 600");
    return MlDsa44SigningKey.fromPem(KeyFiles.read(file), file.toString());
  }

  /** Returns the signing key. Writes nothing. */
  public SigningKey read() throws KeyException {
    files.requirePrivateDirectory();
    Path file = privateKey();
    if (!hasSigningKey()) {
      requireNotExternal();
      throw new KeyException(file + ": does not exist; create a key with 'indelible keys init'");
    }
    return read(file, "a key is never read through a link; copy it here with mode 600");
  }

  private static SigningKey read(Path file, String advice) throws KeyException {
    requireOwnFile(file, advice);
    return SigningKey.fromPem(KeyFiles.read(file), file.toString());
  }

  private static void requireOwnFile(Path file, String advice) throws KeyException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new KeyException(file + ": not a regular file; " + advice);
    }
    KeyFiles.requirePrivate(file);
  }

  /**
   * Rotates the signing key: stores the next key, records it in the chain, and then makes it the
   * signing key. After a crash at any step, either the old key signs, or the new key signs and is
   * recorded. A second call resumes the rotation.
   *
   * @param chain records the next key
   * @throws KeyException if another process is rotating the key, or a key cannot be read or stored
   */
  public <X extends Exception> Rotation rotate(KeyRecord<X> chain) throws KeyException, X {
    return alone(() -> rotateAlone(open(), chain));
  }

  /**
   * Replaces a lost signing key: stores the next key, records it in the chain, and then makes it
   * the signing key. After a crash before the last step there is no signing key. A second call
   * resumes the replacement. If a file exists in place of the lost key, it is renamed and kept.
   *
   * @param loss confirms the loss, under the rotation lock
   * @throws KeyException if the key is not lost, another process is rotating the key, or a key
   *     cannot be read or stored
   */
  public <X extends Exception> Replacement replace(Loss<X> loss) throws KeyException, X {
    try {
      files.createDirectory();
    } catch (IOException e) {
      throw new KeyException(directory + ": cannot be created: " + DurableFiles.reason(e), e);
    }
    files.requirePrivateDirectory();
    return alone(() -> replaceAlone(loss.confirm()));
  }

  private <X extends Exception> Replacement replaceAlone(KeyRecord<X> chain)
      throws KeyException, IOException, X {
    Staged staged = stage(chain);
    if (!staged.onRecord()) {
      chain.add(staged.key(), staged.key());
    }
    Path unusable = privateKey();
    if (Files.exists(unusable, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(unusable, directory.resolve(PRIVATE_KEY + ".unusable-" + System.nanoTime()));
    }
    takeOver(directory.resolve(NEXT_KEY), staged.key());
    Files.deleteIfExists(directory.resolve(EXTERNAL_SIGNER));
    return new Replacement(staged.key().verificationKey(), staged.onRecord());
  }

  /**
   * The result of a replacement.
   *
   * @param to the key that signs from now on
   * @param resumed true if an interrupted replacement was completed
   */
  public record Replacement(VerificationKey to, boolean resumed) {}

  /** Confirms that a key is lost. */
  @FunctionalInterface
  public interface Loss<X extends Exception> {
    /**
     * Returns the record for the next key.
     *
     * @throws KeyException if the key is not lost
     */
    KeyRecord<X> confirm() throws KeyException, X;
  }

  /** Records signing keys in the chain. */
  public interface KeyRecord<X extends Exception> {
    /** Returns true if the chain records {@code key} as a signing key. */
    boolean contains(VerificationKey key) throws X;

    /**
     * Records durably that {@code next} signs all later rows.
     *
     * @param signer signs the record: the previous key, or the new key if the previous one is lost
     */
    void add(SigningKey signer, Signer next) throws X;
  }

  /**
   * Migrates to an external signer. The current key signs the record of the external key in the
   * chain, and is then deleted. A second call resumes an interrupted migration.
   *
   * @param next the external signer
   * @param chain records the external key
   */
  public <X extends Exception> void migrate(Signer next, KeyRecord<X> chain)
      throws KeyException, X {
    alone(
        () -> {
          SigningKey current = open();
          // A running process signs on with the current key only while the next one is known here.
          publish(next.verificationKey());
          if (!chain.contains(next.verificationKey())) {
            chain.add(current, next);
          }
          useExternal(next.verificationKey());
          Files.delete(privateKey());
          DurableFiles.syncNames(directory);
          return next;
        });
  }

  /** Marks this directory as using an external signer, so that no key is generated. */
  public void useExternal(VerificationKey key) throws KeyException {
    try {
      files.createDirectory();
      files.requirePrivateDirectory();
      publish(key);
      files.writeOnce(directory.resolve(EXTERNAL_SIGNER), "the private key is not kept here\n");
    } catch (IOException e) {
      throw new KeyException(directory + ": cannot be written to: " + DurableFiles.reason(e), e);
    }
  }

  /** Runs a rotation while holding the rotation lock. */
  private <T, X extends Exception> T alone(Locked<T, X> rotation) throws KeyException, X {
    try {
      ExclusiveLock lock =
          ExclusiveLock.tryLock(directory.resolve(ROTATION_LOCK))
              .orElseThrow(
                  () ->
                      new KeyException(
                          directory
                              + ": the key is already being rotated; wait until that is done"));
      try (lock) {
        return rotation.run();
      }
    } catch (IOException e) {
      throw new KeyException(
          "%s: the key could not be rotated: %s; run it again"
              .formatted(directory, DurableFiles.reason(e)),
          e);
    }
  }

  /** A rotation, replacement or migration. */
  @FunctionalInterface
  private interface Locked<T, X extends Exception> {
    T run() throws KeyException, IOException, X;
  }

  private <X extends Exception> Rotation rotateAlone(SigningKey current, KeyRecord<X> chain)
      throws KeyException, IOException, X {
    Staged staged = stage(chain);
    if (!staged.onRecord()) {
      chain.add(current, staged.key());
    }
    takeOver(directory.resolve(NEXT_KEY), staged.key());
    return new Rotation(
        current.verificationKey(), staged.key().verificationKey(), staged.onRecord());
  }

  /**
   * Returns the stored next key if the chain records it; otherwise generates and stores a new one.
   */
  private <X extends Exception> Staged stage(KeyRecord<X> chain)
      throws KeyException, IOException, X {
    Path staged = directory.resolve(NEXT_KEY);
    if (Files.exists(staged, LinkOption.NOFOLLOW_LINKS)) {
      SigningKey next = read(staged, "move it away if it is not a key of this log");
      if (chain.contains(next.verificationKey())) {
        return new Staged(next, true);
      }
      Files.delete(staged);
    }
    files.writeOnce(staged, SigningKey.generate().toPem());
    return new Staged(read(staged, "run it again"), false);
  }

  /**
   * The next key, stored in {@link #NEXT_KEY}.
   *
   * @param onRecord true if the chain records it
   */
  private record Staged(SigningKey key, boolean onRecord) {}

  /**
   * Makes the next key the signing key. Stores its public key first, because readers need it to
   * verify the rows.
   */
  private void takeOver(Path staged, SigningKey next) throws KeyException, IOException {
    publish(next.verificationKey());
    Files.move(
        staged, privateKey(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    DurableFiles.syncNames(directory);
  }

  /**
   * The result of a rotation.
   *
   * @param from the key that signed before
   * @param to the key that signs from now on
   * @param resumed true if an interrupted rotation was completed
   */
  public record Rotation(VerificationKey from, VerificationKey to, boolean resumed) {}

  /** Returns true if an external signer signs and the directory has no private key. */
  public boolean isExternal() {
    return !hasSigningKey()
        && Files.exists(directory.resolve(EXTERNAL_SIGNER), LinkOption.NOFOLLOW_LINKS);
  }

  private void requireNotExternal() throws KeyException {
    if (isExternal()) {
      throw new KeyException(
          directory
              + ": an external signer has the signing key; only a program with that signer can"
              + " record here (Indelible.builder(...).signer(...))");
    }
  }

  /** Returns every public key whose signatures are accepted, ordered by file name. */
  @Override
  public KeyRing accepted() throws KeyException {
    List<VerificationKey> keys = new ArrayList<>();
    for (Path file : publicKeys()) {
      keys.add(VerificationKey.fromPem(KeyFiles.read(file), file.toString()));
    }
    return KeyRing.of(keys);
  }

  /** Returns true if a key is accepted here, or is the next key of a rotation that began here. */
  @Override
  public boolean holds(VerificationKey key) throws KeyException {
    Path staged = directory.resolve(NEXT_KEY);
    return KeySource.super.holds(key)
        || (Files.exists(staged, LinkOption.NOFOLLOW_LINKS)
            && read(staged, "move it away if it is not a key of this log")
                .verificationKey()
                .equals(key))
        // The rotation may have ended between the two looks.
        || KeySource.super.holds(key);
  }

  private Set<Path> publicKeys() throws KeyException {
    Set<Path> sorted = new TreeSet<>();
    // A missing directory has no keys (D11). A directory that cannot be listed is an error.
    if (Files.notExists(directory)) {
      return sorted;
    }
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*" + PUBLIC_SUFFIX)) {
      found.forEach(sorted::add);
      return sorted;
    } catch (IOException e) {
      throw new KeyException(directory + ": " + KeyFiles.unreadable(directory, "be listed", e), e);
    }
  }

  private void create() throws KeyException {
    SigningKey key = SigningKey.generate();
    try {
      files.createDirectory();
      files.requirePrivateDirectory();
      files.writeOnce(privateKey(), key.toPem());
    } catch (IOException e) {
      throw new KeyException(
          directory + ": the signing key cannot be stored: " + DurableFiles.reason(e), e);
    }
  }

  /** Stores a public key whose signatures are accepted from now on. */
  public void publish(VerificationKey key) throws KeyException {
    Path file = directory.resolve(key.keyId() + PUBLIC_SUFFIX);
    if (Files.exists(file)) {
      return;
    }
    try {
      files.writeOnce(file, key.toPem());
    } catch (IOException e) {
      throw new KeyException(
          file + ": the public key cannot be stored: " + DurableFiles.reason(e), e);
    }
  }

  private Path privateKey() {
    return directory.resolve(PRIVATE_KEY);
  }
}
