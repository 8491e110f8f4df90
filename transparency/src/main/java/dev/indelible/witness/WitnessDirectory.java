// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.crypto.SigningKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of one witness. {@code keys/} holds its private key, {@code witness.vkey} its name and
 * public key, {@code logs} the vkeys of the logs that it cosigns, one per line, and {@code memory/}
 * the last cosigned checkpoint of each log.
 *
 * <p>MUST NOT be restored from a copy: the witness would not know what it cosigned since then, and
 * could cosign a fork. Create a new witness with a new key instead.
 *
 * @param path the directory
 */
public record WitnessDirectory(Path path) {
  /**
   * Creates the directory, the key and the name, if they do not exist.
   *
   * @param name the witness's name, by convention its address without the scheme
   * @param type the type of its cosignatures
   * @return the witness's public key
   * @throws WitnessException if the directory belongs to a witness with another name or another
   *     type of key, or cannot be created
   * @throws IllegalArgumentException if the name is not valid, or witnesses do not use the type
   */
  public VerifierKey init(String name, SignatureType type) throws WitnessException, KeyException {
    VerifierKey.requireName(name);
    if (!type.isCosignature()) {
      throw new IllegalArgumentException(type + ": is not a type of cosignatures");
    }
    try {
      makeDirectory(path);
      makeDirectory(memory());
      if (Files.exists(vkey())) {
        requireSame(name, type);
      }
      SignatureKey signer =
          type == SignatureType.ML_DSA_44_COSIGNATURE
              ? keys().openOrCreateMlDsa44().verificationKey()
              : keys().openOrCreate().verificationKey();
      VerifierKey key = new VerifierKey(name, type, signer);
      if (!Files.exists(vkey())) {
        append(vkey(), key.vkey());
      }
      requireOwn(signer);
      return key;
    } catch (IOException e) {
      throw new WitnessException(path + ": cannot be written: " + DurableFiles.reason(e), e);
    }
  }

  /**
   * Returns the witness's public key.
   *
   * @throws WitnessException if this directory has no witness
   */
  public VerifierKey key() throws WitnessException {
    if (Files.notExists(vkey())) {
      throw new WitnessException(
          path + ": no witness here; create one with 'indelible witness init --name NAME'");
    }
    List<VerifierKey> keys = read(vkey());
    if (keys.size() != 1 || !keys.get(0).type().isCosignature()) {
      throw new WitnessException(vkey() + ": is not one vkey of a witness; restore the file");
    }
    return keys.get(0);
  }

  /** Returns the keys of the logs that the witness cosigns. */
  public List<VerifierKey> trusted() throws WitnessException {
    return Files.notExists(logs()) ? List.of() : read(logs());
  }

  /**
   * Adds a log to the trusted logs. A running witness cosigns it from the next request on.
   *
   * @return true if the log was not trusted before
   * @throws WitnessException if the key is not a log's key, or the list cannot be written
   */
  public boolean trust(VerifierKey log) throws WitnessException {
    if (log.type() == SignatureType.COSIGNATURE || log.key().equals(key().key())) {
      throw new WitnessException(log + ": is the key of a witness, not of a log");
    }
    if (trusted().contains(log)) {
      return false;
    }
    try {
      append(logs(), log.vkey());
      return true;
    } catch (IOException e) {
      throw new WitnessException(logs() + ": cannot be written: " + DurableFiles.reason(e), e);
    }
  }

  /**
   * Opens and locks the witness. The lock lasts until it is closed or this process ends.
   *
   * @throws WitnessException if there is no witness, or another process has it open
   */
  public Open open() throws WitnessException, KeyException {
    VerifierKey key = key();
    Witness.Cosigner cosigner = cosigner(key);
    if (!Files.isDirectory(memory())) {
      throw new WitnessException(
          memory()
              + ": the directory of cosigned checkpoints is missing; without it the witness could cosign"
              + " a fork: create a new witness, with a new key");
    }
    // Reports an unreadable list at the start.
    trusted();
    ExclusiveLock lock = lock();
    return new Open(new Witness(key, cosigner, this::keysOf, memory(), Clock.systemUTC()), lock);
  }

  private void requireSame(String name, SignatureType type) throws WitnessException {
    VerifierKey own = key();
    if (!own.name().equals(name)) {
      throw new WitnessException(
          "%s: this directory is of the witness %s; name another directory"
              .formatted(path, own.name()));
    }
    if (own.type() != type) {
      throw new WitnessException(
          "%s: the witness %s here has an %s; name another directory"
              .formatted(path, name, own.key()));
    }
  }

  private Witness.Cosigner cosigner(VerifierKey key) throws WitnessException, KeyException {
    if (key.type() == SignatureType.ML_DSA_44_COSIGNATURE) {
      MlDsa44SigningKey signer = keys().openMlDsa44();
      requireOwn(signer.verificationKey());
      return (checkpoint, time) -> Cosignature.sign(key.name(), signer, checkpoint, time);
    }
    SigningKey signer = keys().open();
    requireOwn(signer.verificationKey());
    return (checkpoint, time) -> Cosignature.sign(key.name(), signer, checkpoint, time);
  }

  private void requireOwn(SignatureKey signer) throws WitnessException {
    if (!key().key().equals(signer)) {
      throw new WitnessException(
          "%s: is not the public key of the private key in %s; restore the matching one"
              .formatted(vkey(), path.resolve("keys")));
    }
  }

  /**
   * A witness and its lock.
   *
   * @param witness the witness
   * @param lock the lock of the directory
   */
  public record Open(Witness witness, ExclusiveLock lock) implements AutoCloseable {
    /** Releases the lock. */
    @Override
    public void close() {
      lock.close();
    }
  }

  private List<VerifierKey> keysOf(String origin) throws WitnessException {
    return trusted().stream().filter(key -> key.name().equals(origin)).toList();
  }

  private ExclusiveLock lock() throws WitnessException {
    Path file = path.resolve("lock");
    try {
      Optional<ExclusiveLock> lock = ExclusiveLock.tryLock(file);
      if (lock.isPresent()) {
        return lock.get();
      }
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be locked: " + DurableFiles.reason(e), e);
    }
    throw new WitnessException(
        path + ": the witness is running already, in this process or another");
  }

  private static List<VerifierKey> read(Path file) throws WitnessException {
    try {
      List<VerifierKey> keys = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        if (!line.isBlank() && !line.startsWith("#")) {
          keys.add(VerifierKey.parse(line.strip()));
        }
      }
      return keys;
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException e) {
      throw new WitnessException(file + ": " + e.getMessage(), e);
    }
  }

  /** Appends a line to a file, and syncs it. */
  private static void append(Path file, String line) throws IOException {
    DurableFiles.append(file, (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void makeDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    DurableFiles.createDirectory(directory);
  }

  private KeyDirectory keys() {
    return new KeyDirectory(path.resolve("keys"));
  }

  private Path vkey() {
    return path.resolve("witness.vkey");
  }

  private Path logs() {
    return path.resolve("logs");
  }

  private Path memory() {
    return path.resolve("memory");
  }
}
