// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * What a verification goes by. Immutable; each method gives a copy that differs in one thing.
 *
 * @param keys the public keys whose signatures are accepted
 * @param rooted whether keys that those introduce in the chain are accepted too, from there on
 * @param origins what the log may be called in its checkpoints; anything if empty
 * @param since the first row to check; the one before it is trusted. 1 or less checks everything
 * @param verified the checkpoint over the rows before {@code since}, if it is one that they are
 *     trusted by
 * @param progress told from time to time how many rows have been checked
 * @param witnesses whose cosignatures are checked, and what is a quorum of them; nobody's if empty
 * @param anchors files of checkpoints that were kept elsewhere, each held against the chain
 * @param copy whether the rows are a copy of a log, which may honestly be older than the log
 */
public record VerificationOptions(
    KeyRing keys,
    boolean rooted,
    Set<String> origins,
    long since,
    Optional<SignedCheckpoint> verified,
    LongConsumer progress,
    Optional<WitnessPolicy> witnesses,
    List<Path> anchors,
    boolean copy) {
  public VerificationOptions {
    origins = Set.copyOf(origins);
    anchors = List.copyOf(anchors);
  }

  private VerificationOptions(KeyRing keys, boolean rooted) {
    this(
        keys,
        rooted,
        Set.of(),
        1,
        Optional.empty(),
        checked -> {},
        Optional.empty(),
        List.of(),
        false);
  }

  /** Every row, against these keys. */
  public static VerificationOptions of(KeyRing keys) {
    return new VerificationOptions(keys, false);
  }

  /**
   * Every row, from keys that were handed over at the beginning: those alone are accepted, and each
   * key that one of them introduces by a sound {@code key.rotated} event, from that row on.
   */
  public static VerificationOptions rootedIn(KeyRing first) {
    return new VerificationOptions(first, true);
  }

  /** With the names under which the keys were given: no checkpoint of another log is accepted. */
  public VerificationOptions origins(Set<String> names) {
    return new VerificationOptions(
        keys, rooted, names, since, verified, progress, witnesses, anchors, copy);
  }

  /** From that row on, trusting the one before it. */
  public VerificationOptions since(long sequence) {
    return new VerificationOptions(
        keys, rooted, origins, sequence, Optional.empty(), progress, witnesses, anchors, copy);
  }

  /**
   * From the first row on that is not under this checkpoint, which an earlier verification found to
   * hold. It is held against the stored tree, and its signature is checked.
   */
  public VerificationOptions since(SignedCheckpoint checkpoint) {
    return new VerificationOptions(
        keys,
        rooted,
        origins,
        Math.max(checkpoint.unverified().size(), checkpoint.unverified().size() + 1),
        Optional.of(checkpoint),
        progress,
        witnesses,
        anchors,
        copy);
  }

  /** With someone to tell how far it is, in rows. */
  public VerificationOptions progress(LongConsumer listener) {
    return new VerificationOptions(
        keys, rooted, origins, since, verified, listener, witnesses, anchors, copy);
  }

  /** With the cosignatures of these witnesses. */
  public VerificationOptions witnesses(WitnessPolicy policy) {
    return new VerificationOptions(
        keys, rooted, origins, since, verified, progress, Optional.of(policy), anchors, copy);
  }

  /** With these anchor files. */
  public VerificationOptions anchors(List<Path> files) {
    return new VerificationOptions(
        keys, rooted, origins, since, verified, progress, witnesses, files, copy);
  }

  /**
   * Of a copy: that it has fewer rows than the log signed does not prove that the log was rolled
   * back.
   */
  public VerificationOptions ofCopy() {
    return new VerificationOptions(
        keys, rooted, origins, since, verified, progress, witnesses, anchors, true);
  }
}
