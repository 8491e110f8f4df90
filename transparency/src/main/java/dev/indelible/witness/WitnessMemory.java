// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The last cosigned checkpoint of each log: a file for each log, named after the SHA-256 of its
 * origin, with the signatures of the log and the witness.
 *
 * <p>Guarantees that a checkpoint survives a power cut once {@link #keep} has returned, and that a
 * file is the new one or the old one, never a part. A file that is not as it was written is an
 * error, never "none": a witness that forgot would cosign a fork. Used by one process and, for each
 * log, by one thread at a time.
 */
final class WitnessMemory {
  private final Path directory;
  private final VerifierKey key;

  /**
   * Creates the memory in a directory.
   *
   * @param key the witness's key, which cosigned every checkpoint in it
   */
  WitnessMemory(Path directory, VerifierKey key) {
    this.directory = directory;
    this.key = key;
  }

  /**
   * Returns the last cosigned checkpoint of a log; empty if there never was one.
   *
   * @throws WitnessException if it cannot be read, or is not as it was written
   */
  Optional<SignedCheckpoint> last(String origin) throws WitnessException {
    return lastNamed(nameOf(origin));
  }

  /** Returns {@link #last} of the log whose origin has that SHA-256, in hex. */
  Optional<SignedCheckpoint> lastNamed(String name) throws WitnessException {
    Path file = directory.resolve(name);
    try {
      SignedCheckpoint kept = SignedCheckpoint.parse(Files.readAllBytes(file));
      kept.note().verify(List.of(key));
      if (!nameOf(kept.unverified().origin()).equals(name)) {
        throw new WitnessException(
            file + ": is the checkpoint of another log; rename it to the SHA-256 of its origin");
      }
      return Optional.of(kept);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException | VerificationException e) {
      throw new WitnessException(
          file + ": is not as this witness wrote it: " + e.getMessage() + "; restore the file", e);
    }
  }

  /**
   * Stores a checkpoint durably as the last of its log.
   *
   * @throws WitnessException if it cannot be stored; then it MUST NOT be answered
   */
  void keep(SignedCheckpoint cosigned) throws WitnessException {
    Path file = directory.resolve(nameOf(cosigned.unverified().origin()));
    Path aside = file.resolveSibling(".new-" + file.getFileName());
    try {
      // An existing file aside is from a crashed process: no other writes here.
      DurableFiles.replace(file, aside, cosigned.bytes());
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be written: " + DurableFiles.reason(e), e);
    }
  }

  /** Returns the SHA-256 of an origin, which names the log in file names and URLs. */
  static String nameOf(String origin) {
    return HexFormat.of().formatHex(Sha256.hash(origin.getBytes(StandardCharsets.UTF_8)));
  }
}
