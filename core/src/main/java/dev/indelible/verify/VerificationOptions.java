// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What a verification goes by. Immutable; each method gives a copy that differs in one thing.
 *
 * @param keys the public keys whose signatures are accepted
 * @param rooted whether keys that those introduce in the chain are accepted too, from there on
 * @param since the first row to check; the one before it is trusted. 1 or less checks everything
 * @param progress told from time to time how many rows have been checked
 * @param witnesses whose cosignatures are checked, and what is a quorum of them; nobody's if empty
 * @param anchors files of checkpoints that were kept elsewhere, each held against the chain
 */
public record VerificationOptions(
    KeyRing keys,
    boolean rooted,
    long since,
    LongConsumer progress,
    Optional<WitnessPolicy> witnesses,
    List<Path> anchors) {
  public VerificationOptions {
    anchors = List.copyOf(anchors);
  }

  /** Every row, against these keys. */
  public static VerificationOptions of(KeyRing keys) {
    return new VerificationOptions(keys, false, 1, checked -> {}, Optional.empty(), List.of());
  }

  /**
   * Every row, from keys that were handed over at the beginning: those alone are accepted, and each
   * key that one of them introduces by a sound {@code key.rotated} event, from that row on.
   */
  public static VerificationOptions rootedIn(KeyRing first) {
    return new VerificationOptions(first, true, 1, checked -> {}, Optional.empty(), List.of());
  }

  /** From that row on, trusting the one before it. */
  public VerificationOptions since(long sequence) {
    return new VerificationOptions(keys, rooted, sequence, progress, witnesses, anchors);
  }

  /** With someone to tell how far it is, in rows. */
  public VerificationOptions progress(LongConsumer listener) {
    return new VerificationOptions(keys, rooted, since, listener, witnesses, anchors);
  }

  /** With the cosignatures of these witnesses. */
  public VerificationOptions witnesses(WitnessPolicy policy) {
    return new VerificationOptions(keys, rooted, since, progress, Optional.of(policy), anchors);
  }

  /** With these anchor files. */
  public VerificationOptions anchors(List<Path> files) {
    return new VerificationOptions(keys, rooted, since, progress, witnesses, files);
  }
}
