// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.checkpoint.WitnessPolicy.Witness;
import dev.indelible.encoding.Timestamps;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The valid cosignature of a witness over the most rows.
 *
 * @param witness the name of the witness in the policy
 * @param size the number of rows under the cosigned checkpoint: 0 if there is no cosignature, empty
 *     if that is unknown
 * @param time the time that the witness states; empty without a cosignature, or if the time is
 *     beyond the year 9999
 */
public record LastCosignature(String witness, OptionalLong size, Optional<Instant> time) {
  /** Maximum number of cosigned checkpoints that are read. */
  static final int MOST_LOOKED_AT = 1_000;

  /**
   * Reads the last cosignature of each witness of a policy, in the order of the policy. Reads only
   * the last thousand cosigned checkpoints; a witness without a cosignature there is unknown if
   * there may be more.
   */
  public static List<LastCosignature> ofEach(LedgerReader ledger, WitnessPolicy policy)
      throws LedgerException {
    Map<Witness, LastCosignature> found = new HashMap<>();
    int[] left = {MOST_LOOKED_AT};
    ledger.forEachCosigned(
        stored -> {
          left[0]--;
          addMissing(stored, policy, found);
          return found.size() < policy.witnesses().size() && left[0] > 0;
        });
    OptionalLong none = left[0] > 0 ? OptionalLong.of(0) : OptionalLong.empty();
    List<LastCosignature> all = new ArrayList<>();
    for (Witness witness : policy.witnesses()) {
      all.add(
          found.getOrDefault(witness, new LastCosignature(witness.name(), none, Optional.empty())));
    }
    return all;
  }

  /** Adds the cosignatures of a checkpoint by witnesses without a later one. */
  private static void addMissing(
      StoredCheckpoint stored, WitnessPolicy policy, Map<Witness, LastCosignature> found) {
    SignedCheckpoint signed;
    try {
      signed = SignedCheckpoint.parse(stored.note());
    } catch (CheckpointParseException e) {
      return;
    }
    for (Witness witness : policy.witnesses()) {
      if (!found.containsKey(witness)) {
        for (NoteSignature line : signed.note().signatures()) {
          if (witness.key().verifies(signed.note().text(), line)) {
            found.put(
                witness,
                new LastCosignature(
                    witness.name(), OptionalLong.of(signed.unverified().size()), time(line)));
          }
        }
      }
    }
  }

  private static Optional<Instant> time(NoteSignature line) {
    try {
      return Optional.of(
          Timestamps.requireRecordable(Instant.ofEpochSecond(Cosignature.of(line).time())));
    } catch (CheckpointParseException | DateTimeException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
