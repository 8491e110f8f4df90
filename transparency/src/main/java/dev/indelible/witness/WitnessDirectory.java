// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningKey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of one witness: {@code keys/} with its private key, {@code witness.vkey} with its name
 * and public key, {@code logs} with the vkeys of the logs it cosigns, one a line, and {@code
 * memory/} with the last checkpoint that it cosigned of each.
 *
 * <p>A directory that is set back to an older state cosigns again what it cosigned since; so it is
 * never to be restored from a copy, but begun anew, with a new key.
 *
 * @param path the directory
 */
public record WitnessDirectory(Path path) {
  /**
   * Makes the directory, its key and its name, if they are not there.
   *
   * @param name the witness's name, by convention an address without its scheme
   * @return its public key
   * @throws WitnessException if a witness of another name exists, or none can be created
   * @throws IllegalArgumentException if nothing can have that name
   */
  public VerifierKey init(String name) throws WitnessException, KeyException {
    VerifierKey.requireName(name);
    try {
      makeDirectory(path);
      makeDirectory(memory());
      SigningKey signer = keys().openOrCreate();
      VerifierKey key = new VerifierKey(name, SignatureType.COSIGNATURE, signer.verificationKey());
      if (!Files.exists(vkey())) {
        append(vkey(), key.vkey());
      }
      if (!key().equals(key)) {
        throw new WitnessException(
            "%s: the witness here is %s already; name another directory"
                .formatted(path, key().name()));
      }
      return key;
    } catch (IOException e) {
      throw new WitnessException(path + ": cannot be written: " + DurableFiles.reason(e), e);
    }
  }

  /**
   * The witness's public key.
   *
   * @throws WitnessException if there is no witness here
   */
  public VerifierKey key() throws WitnessException {
    if (Files.notExists(vkey())) {
      throw new WitnessException(
          path + ": no witness here; make one with 'indelible witness init --name NAME'");
    }
    List<VerifierKey> keys = read(vkey());
    if (keys.size() != 1 || keys.get(0).type() != SignatureType.COSIGNATURE) {
      throw new WitnessException(vkey() + ": not the one key of a witness; restore it");
    }
    return keys.get(0);
  }

  /** The keys of the logs that the witness cosigns. */
  public List<VerifierKey> trusted() throws WitnessException {
    return Files.notExists(logs()) ? List.of() : read(logs());
  }

  /**
   * Adds a log to cosign; a running witness cosigns it from its next request on.
   *
   * @return whether it did not before
   * @throws WitnessException if this is no log's key, or the list cannot be written
   */
  public boolean trust(VerifierKey log) throws WitnessException {
    key();
    if (log.type() != SignatureType.ED25519) {
      throw new WitnessException(log + ": not a log's key, but one that cosigns");
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
   * The witness, ready to be asked. No other process has it until this one ends or the lock is
   * released.
   *
   * @throws WitnessException if there is no witness, or another process has it open
   */
  public Open open() throws WitnessException, KeyException {
    VerifierKey key = key();
    SigningKey signer = keys().open();
    if (!signer.verificationKey().equals(key.key())) {
      throw new WitnessException(
          "%s: not the public half of the key in %s; restore the one that belongs to the other"
              .formatted(vkey(), path.resolve("keys")));
    }
    if (!Files.isDirectory(memory())) {
      throw new WitnessException(
          memory()
              + ": what the witness cosigned is gone; without it, it could cosign a fork: begin a"
              + " new witness, with a new key");
    }
    // Read now, so that an unreadable list is reported at the start.
    trusted();
    FileChannel lock = lock();
    return new Open(new Witness(key, signer, this::keysOf, memory(), Clock.systemUTC()), lock);
  }

  /**
   * A witness and its lock.
   *
   * @param witness the witness
   * @param lock the channel of the lock
   */
  public record Open(Witness witness, FileChannel lock) implements AutoCloseable {
    /** Releases the lock. */
    @Override
    public void close() throws IOException {
      lock.close();
    }
  }

  private List<VerifierKey> keysOf(String origin) throws WitnessException {
    return trusted().stream().filter(key -> key.name().equals(origin)).toList();
  }

  private FileChannel lock() throws WitnessException {
    Path file = path.resolve("lock");
    try {
      Optional<FileChannel> lock = DurableFiles.lock(file);
      if (lock.isPresent()) {
        return lock.get();
      }
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be locked: " + DurableFiles.reason(e), e);
    }
    throw new WitnessException(
        path + ": the witness here is at work already, in this process or another");
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

  /** Adds a line to a file, and returns when that is on disk. */
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
