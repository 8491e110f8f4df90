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
 * The last checkpoint that a witness cosigned of each log: a file a log, named after the SHA-256 of
 * its origin, holding the checkpoint with the log's signatures and the witness's own.
 *
 * <p>Guarantees that what {@link #keep} has returned for is there after a power cut, and that a
 * file is whole or the one before: it is written aside, synced, given its name, and the name
 * synced. What is not there as it was written is an error, never "none": a witness that forgot
 * would cosign a fork. One process and, for each log, one thread at a time.
 */
final class WitnessMemory {
  private final Path directory;
  private final VerifierKey key;

  /**
   * The memory in that directory.
   *
   * @param key the witness's own, which cosigned everything in it
   */
  WitnessMemory(Path directory, VerifierKey key) {
    this.directory = directory;
    this.key = key;
  }

  /**
   * The last checkpoint cosigned of a log; empty if none ever was.
   *
   * @throws WitnessException if there is one and it cannot be read, or is not as it was written
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
            file + ": is the checkpoint of another log; put it back under its own name");
      }
      return Optional.of(kept);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new WitnessException(file + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException | VerificationException e) {
      throw new WitnessException(
          file + ": is not as this witness wrote it: " + e.getMessage() + "; restore it", e);
    }
  }

  /**
   * Keeps a checkpoint as the last of its log, durably.
   *
   * @throws WitnessException if that cannot be done; then nothing may be answered that rests on it
   */
  void keep(SignedCheckpoint cosigned) throws WitnessException {
    Path file = directory.resolve(nameOf(cosigned.unverified().origin()));
    Path aside = file.resolveSibling(".new-" + file.getFileName());
    try {
      // An existing file aside is of a process that died: no other writes here.
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
