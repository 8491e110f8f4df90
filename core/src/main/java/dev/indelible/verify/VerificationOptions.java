// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Options of a verification. Immutable; each method returns a copy with one option changed. */
public final class VerificationOptions implements Cloneable {
  private KeyRing keys;
  private final boolean rooted;
  private Set<String> origins = Set.of();
  private Set<MlDsa44Key> secondKeys = Set.of();
  private long since = 1;
  private @Nullable SignedCheckpoint verified;
  private LongConsumer progress = checked -> {};
  private @Nullable WitnessPolicy witnesses;
  private List<Path> anchors = List.of();
  private @Nullable Duration promise;
  private boolean copy;

  private VerificationOptions(KeyRing keys, boolean rooted) {
    this.keys = keys;
    this.rooted = rooted;
  }

  /** Returns options that check every row and accept the signatures of these keys. */
  public static VerificationOptions of(KeyRing keys) {
    return new VerificationOptions(keys, false);
  }

  /**
   * Returns options that check every row and accept the signatures of these keys, and of each key
   * that an accepted key introduces in the chain, from that row on.
   */
  public static VerificationOptions rootedIn(KeyRing first) {
    return new VerificationOptions(first, true);
  }

  /** Accepts these keys in place of the present ones. */
  public VerificationOptions keys(KeyRing accepted) {
    return with(options -> options.keys = accepted);
  }

  /** Accepts checkpoints of logs with these names only, or of any log if the set is empty. */
  public VerificationOptions origins(Set<String> names) {
    return with(options -> options.origins = Set.copyOf(names));
  }

  /**
   * Accepts these ML-DSA-44 keys only for the second signature of checkpoints; if the set is empty,
   * accepts each key that the chain names.
   */
  public VerificationOptions secondKeys(Set<MlDsa44Key> given) {
    return with(options -> options.secondKeys = Set.copyOf(given));
  }

  /** Checks from a row on, and trusts the row before it. 1 or less checks everything. */
  public VerificationOptions since(long sequence) {
    return with(
        options -> {
          options.since = sequence;
          options.verified = null;
        });
  }

  /**
   * Checks the rows after a checkpoint that an earlier verification found valid. Its signature is
   * checked, and it is compared with the stored tree.
   */
  public VerificationOptions since(SignedCheckpoint checkpoint) {
    long size = checkpoint.unverified().size();
    return with(
        options -> {
          options.since = Math.max(size, size + 1);
          options.verified = checkpoint;
        });
  }

  /** Calls a listener from time to time with the number of rows checked. */
  public VerificationOptions progress(LongConsumer listener) {
    return with(options -> options.progress = listener);
  }

  /** Checks the cosignatures of these witnesses. */
  public VerificationOptions witnesses(WitnessPolicy policy) {
    return with(options -> options.witnesses = policy);
  }

  /** Compares the checkpoints in these anchor files with the chain. */
  public VerificationOptions anchors(List<Path> files) {
    return with(options -> options.anchors = List.copyOf(files));
  }

  /**
   * Compares the checkpoints that a log of logs has admitted with the chain, in place of anchor
   * files.
   *
   * @param file the admitted checkpoints, as in an anchor file
   * @param within the longest time for which a row may be without an admitted checkpoint
   */
  public VerificationOptions admitted(Path file, Duration within) {
    return with(
        options -> {
          options.anchors = List.of(file);
          options.promise = within;
        });
  }

  /**
   * Checks a copy. A copy may be older than the log, so a signed checkpoint over more rows than the
   * copy has proves no rollback.
   */
  public VerificationOptions ofCopy() {
    return with(options -> options.copy = true);
  }

  public KeyRing keys() {
    return keys;
  }

  /** Returns true if the keys that an accepted key introduces are also accepted. */
  public boolean rooted() {
    return rooted;
  }

  public Set<String> origins() {
    return origins;
  }

  /** Returns the ML-DSA-44 keys that are accepted; empty for each key that the chain names. */
  public Set<MlDsa44Key> secondKeys() {
    return secondKeys;
  }

  /** The first row to check. */
  public long since() {
    return since;
  }

  /** The checkpoint whose rows are trusted. */
  public Optional<SignedCheckpoint> verified() {
    return Optional.ofNullable(verified);
  }

  public LongConsumer progress() {
    return progress;
  }

  public Optional<WitnessPolicy> witnesses() {
    return Optional.ofNullable(witnesses);
  }

  public List<Path> anchors() {
    return anchors;
  }

  /**
   * Returns the longest time for which a row may be without an admitted checkpoint, if the anchor
   * is the log of logs of a fleet; empty for anchor files.
   */
  public Optional<Duration> promise() {
    return Optional.ofNullable(promise);
  }

  /** Returns true if the rows are a copy. */
  public boolean copy() {
    return copy;
  }

  private VerificationOptions with(Consumer<VerificationOptions> change) {
    try {
      VerificationOptions changed = (VerificationOptions) clone();
      change.accept(changed);
      return changed;
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }
}
