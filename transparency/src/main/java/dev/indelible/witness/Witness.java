// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.AddCheckpointRequest;
import dev.indelible.checkpoint.AddCheckpointResponse.Conflict;
import dev.indelible.checkpoint.AddCheckpointResponse.Cosigned;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.merkle.InvalidProofException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cosigns checkpoints (C2SP tlog-witness v1.0.0). Guarantees for any two cosigned checkpoints of a
 * log that the larger one continues the smaller one, even after a crash. To this end it compares a
 * checkpoint with the last one, stores it durably and only then answers; requests for one log run
 * one after another. Safe for use by any thread.
 */
public final class Witness {
  private static final Logger LOG = LoggerFactory.getLogger(Witness.class);

  private final VerifierKey key;
  private final Cosigner cosigner;
  private final TrustedLogs logs;
  private final WitnessMemory memory;
  private final Clock clock;

  /** One lock for each trusted log, held from the check of a checkpoint until it is stored. */
  private final Map<String, Object> turns = new ConcurrentHashMap<>();

  /**
   * Creates a witness.
   *
   * @param key the witness's public key, with its name
   * @param cosigner cosigns with the private key, under this name only
   * @param logs the logs whose checkpoints it cosigns
   * @param memory the existing directory of its cosigned checkpoints, used only by this process
   * @param clock the clock for the times of cosignatures
   */
  Witness(VerifierKey key, Cosigner cosigner, TrustedLogs logs, Path memory, Clock clock) {
    this.key = key;
    this.cosigner = cosigner;
    this.logs = logs;
    this.memory = new WitnessMemory(memory, key);
    this.clock = clock;
  }

  /** Cosigns a checkpoint with the witness's private key. */
  @FunctionalInterface
  interface Cosigner {
    /**
     * Cosigns a verified checkpoint.
     *
     * @param time in seconds since 1970
     * @throws CheckpointParseException if the key's type cannot cosign a log of this name
     */
    Cosignature cosign(Checkpoint checkpoint, long time) throws CheckpointParseException;
  }

  /** Returns the witness's public key. */
  public VerifierKey key() {
    return key;
  }

  /**
   * Answers {@code POST add-checkpoint}.
   *
   * @param body the body of the request
   */
  WitnessAnswer addCheckpoint(byte[] body) {
    try {
      AddCheckpointRequest request = AddCheckpointRequest.parse(body);
      String origin = request.checkpoint().unverified().origin();
      List<VerifierKey> trusted = logs.keys(origin);
      if (trusted.isEmpty()) {
        return WitnessAnswer.refused(
            WitnessAnswer.NOT_FOUND, "this witness does not trust a log of this origin");
      }
      SignedCheckpoint signed = signedBy(trusted, request.checkpoint());
      synchronized (turns.computeIfAbsent(origin, each -> new Object())) {
        return decide(request, signed);
      }
    } catch (CheckpointParseException e) {
      return WitnessAnswer.refused(WitnessAnswer.BAD_REQUEST, e.getMessage());
    } catch (VerificationException e) {
      return WitnessAnswer.refused(WitnessAnswer.FORBIDDEN, e.getMessage());
    } catch (WitnessException e) {
      LOG.error("a checkpoint was not cosigned: {}", e.getMessage());
      return WitnessAnswer.refused(
          WitnessAnswer.INTERNAL_ERROR, "this witness cannot store checkpoints");
    }
  }

  /** Returns the checkpoint with only the signatures of trusted keys. */
  private static SignedCheckpoint signedBy(List<VerifierKey> trusted, SignedCheckpoint checkpoint)
      throws VerificationException {
    return checkpoint.withOnly(List.copyOf(checkpoint.note().verify(trusted).values()));
  }

  private WitnessAnswer decide(AddCheckpointRequest request, SignedCheckpoint signed)
      throws WitnessException, CheckpointParseException {
    Checkpoint next = signed.unverified();
    Checkpoint last = memory.last(next.origin()).map(SignedCheckpoint::unverified).orElse(null);
    try {
      Optional<Conflict> conflict = request.conflictWith(last);
      if (conflict.isPresent()) {
        if (request.oldSize() == conflict.get().size()) {
          LOG.error(
              "{} signed another tree of size {}: root {}",
              next.origin(),
              next.size(),
              next.root());
        }
        return WitnessAnswer.of(conflict.get());
      }
    } catch (InvalidProofException e) {
      return WitnessAnswer.refused(WitnessAnswer.UNPROCESSABLE, e.getMessage());
    }
    NoteSignature cosignature = cosigner.cosign(next, clock.instant().getEpochSecond()).line();
    memory.keep(signed.with(cosignature));
    return WitnessAnswer.of(new Cosigned(List.of(cosignature)));
  }

  /**
   * Answers {@code GET <log>/checkpoint} with the last cosigned checkpoint of a log, for monitors
   * (tlog-witness after v1.0.0).
   *
   * @param log the SHA-256 of the log's origin, in hex
   */
  WitnessAnswer checkpoint(String log) {
    try {
      Optional<SignedCheckpoint> last = memory.lastNamed(log);
      return last.isPresent()
          ? WitnessAnswer.text(last.get().bytes())
          : WitnessAnswer.refused(
              WitnessAnswer.NOT_FOUND, "this witness has cosigned no log with this hash");
    } catch (WitnessException e) {
      LOG.error("{}", e.getMessage());
      return WitnessAnswer.refused(
          WitnessAnswer.INTERNAL_ERROR, "this witness cannot read its stored checkpoints");
    }
  }
}
