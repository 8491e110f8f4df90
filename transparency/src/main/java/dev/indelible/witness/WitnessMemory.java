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
 * The last cosigned checkpoint of each log. Each log has one file, named after the SHA-256 of the
 * log's origin, with the signatures of the log and the witness.
 *
 * <p>Guarantees that a checkpoint survives a power cut once {@link #keep} has returned, and that a
 * file is complete, old or new. A file that differs from what the witness wrote is an error and
 * never counts as "no checkpoint", because a witness without its memory would cosign a fork. Used
 * by one process and, for each log, by one thread at a time.
 */
final class WitnessMemory {
  private final Path directory;
  private final VerifierKey key;

  /**
   * Creates the memory in a directory.
   *
   * @param key the witness's key, which cosigned every stored checkpoint
   */
  WitnessMemory(Path directory, VerifierKey key) {
    this.directory = directory;
    this.key = key;
  }

  /**
   * Returns the last cosigned checkpoint of a log; empty if there never was one.
   *
   * @throws WitnessException if the file cannot be read, or differs from what the witness wrote
   */
  Optional<SignedCheckpoint> last(String origin) throws WitnessException {
    return lastNamed(nameOf(origin));
  }

  /** Returns {@link #last} for the log with this SHA-256 of the origin, in hex. */
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
   * Stores a checkpoint durably as the last one of its log.
   *
   * @throws WitnessException if it cannot be stored; then the witness MUST NOT return the
   *     cosignature
   */
  void keep(SignedCheckpoint cosigned) throws WitnessException {
    Path file = directory.resolve(nameOf(cosigned.unverified().origin()));
    Path aside = file.resolveSibling(".new-" + file.getFileName());
    try {
      // Only this process writes here, so an existing temporary file is a leftover of a crash.
      DurableFiles.replace(file, aside, cosigned.bytes());
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be written: " + DurableFiles.reason(e), e);
    }
  }

  /** Returns the SHA-256 of an origin in hex, which identifies the log in file names and URLs. */
  static String nameOf(String origin) {
    return HexFormat.of().formatHex(Sha256.hash(origin.getBytes(StandardCharsets.UTF_8)));
  }
}
