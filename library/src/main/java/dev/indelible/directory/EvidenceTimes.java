// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.publish.LastCosignature;
import java.util.List;
import java.util.Optional;

/**
 * Times that bound the age of a log's evidence. A checkpoint states no time of its own, but it was
 * signed after the newest row under it was recorded; the time of that row is the earliest possible
 * time of the checkpoint. A cosignature states the time of the witness's clock. Times of files are
 * no evidence, because a copy or a restore changes them.
 *
 * @param checkpoint the recorded time of the newest row under the last checkpoint; empty if there
 *     is none or it cannot be read
 * @param anchored the recorded time of the newest row under the last checkpoint in the anchor file;
 *     empty if there is none or it cannot be read
 * @param cosignatures the last cosignature of each witness
 */
public record EvidenceTimes(
    Optional<String> checkpoint, Optional<String> anchored, List<LastCosignature> cosignatures) {
  public EvidenceTimes {
    cosignatures = List.copyOf(cosignatures);
  }
}
