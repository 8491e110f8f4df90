// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.crypto.SignatureKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The trusted logs, and the quorum of witnesses that must cosign (C2SP tlog-policy). Immutable. */
public final class WitnessPolicy {
  /** The quorum that needs no witness. */
  static final String NONE = "none";

  private final List<Log> logs;
  private final List<Witness> witnesses;
  private final List<Group> groups;
  private final String quorum;

  WitnessPolicy(List<Log> logs, List<Witness> witnesses, List<Group> groups, String quorum) {
    this.logs = List.copyOf(logs);
    this.witnesses = List.copyOf(witnesses);
    this.groups = List.copyOf(groups);
    this.quorum = quorum;
  }

  /**
   * A trusted log.
   *
   * @param key the log's key, whose name is the log's origin
   * @param url the log's URL, if the policy states it
   */
  public record Log(VerifierKey key, Optional<String> url) {}

  /**
   * A known witness.
   *
   * @param name its name in the policy
   * @param key its key
   * @param url the prefix of its URLs for requests, if the policy states it
   */
  public record Witness(String name, VerifierKey key, Optional<String> url) {}

  /**
   * A group of witnesses and of other groups. It counts as cosigning if enough members do.
   *
   * @param name its name in the policy
   * @param threshold the number of members that must cosign
   * @param members the names of its members, all defined before the group
   */
  record Group(String name, int threshold, List<String> members) {}

  /**
   * A verified checkpoint, with the keys that verified it.
   *
   * @param checkpoint the checkpoint
   * @param log the key of the log that signed it
   * @param cosigned the known witnesses that cosigned, with the times of their cosignatures in
   *     seconds since 1970
   */
  public record Witnessed(Checkpoint checkpoint, VerifierKey log, Map<Witness, Long> cosigned) {
    public Witnessed {
      cosigned = Collections.unmodifiableMap(new LinkedHashMap<>(cosigned));
    }
  }

  /**
   * Parses a policy file. Refuses everything that the format does not define.
   *
   * @throws CheckpointParseException if the bytes are not a policy, or it has keys of unknown types
   */
  public static WitnessPolicy parse(byte[] bytes) throws CheckpointParseException {
    return new PolicyParser().parse(bytes);
  }

  /** Returns a policy that trusts these logs and requires no witness. */
  public static WitnessPolicy ofLogs(Collection<VerifierKey> logs) {
    return new WitnessPolicy(
        logs.stream().map(key -> new Log(key, Optional.empty())).toList(),
        List.of(),
        List.of(),
        NONE);
  }

  /**
   * Returns a policy that trusts these logs and requires cosignatures of {@code threshold} of these
   * witnesses.
   *
   * @throws IllegalArgumentException if there are fewer witnesses than {@code threshold}, a key is
   *     listed twice, or a key is not of a cosignature type
   */
  public static WitnessPolicy of(
      Collection<VerifierKey> logs, Collection<VerifierKey> witnesses, int threshold) {
    List<Witness> named = new ArrayList<>();
    Set<SignatureKey> distinct = new HashSet<>();
    for (VerifierKey key : witnesses) {
      if (!key.type().isCosignature() || !distinct.add(key.key())) {
        throw new IllegalArgumentException(key + ": listed twice, or not a key that cosigns");
      }
      named.add(new Witness("witness-" + (named.size() + 1), key, Optional.empty()));
    }
    if (threshold < 1 || threshold > named.size()) {
      throw new IllegalArgumentException(
          "a quorum of %s of %s witnesses".formatted(threshold, named.size()));
    }
    Group all = new Group("all", threshold, named.stream().map(Witness::name).toList());
    return new WitnessPolicy(ofLogs(logs).logs, named, List.of(all), all.name());
  }

  /** Returns a copy of this policy with further trusted logs. */
  public WitnessPolicy alsoTrusting(Collection<VerifierKey> more) {
    List<Log> all = new ArrayList<>(logs);
    all.addAll(ofLogs(more).logs);
    return new WitnessPolicy(all, witnesses, groups, quorum);
  }

  /** Returns the trusted logs. */
  public List<Log> logs() {
    return logs;
  }

  /** Returns the known witnesses. */
  public List<Witness> witnesses() {
    return witnesses;
  }

  /** Returns true if the policy requires no witness. */
  public boolean asksForNone() {
    return quorum.equals(NONE);
  }

  /**
   * Verifies that a trusted log signed the checkpoint and a quorum cosigned it, and returns it.
   * Returns the times of the cosignatures without checking them.
   *
   * @throws VerificationException if the checkpoint belongs to no trusted log, that log did not
   *     sign it, the quorum is not reached, or a signature that names the log's key or a known
   *     witness's key is invalid
   */
  public Witnessed verify(SignedCheckpoint signed) throws VerificationException {
    Checkpoint checkpoint = signed.unverified();
    List<VerifierKey> logKeys =
        logs.stream().map(Log::key).filter(key -> key.name().equals(checkpoint.origin())).toList();
    if (logKeys.isEmpty()) {
      throw new VerificationException(
          Reason.UNKNOWN_ORIGIN,
          "a checkpoint of %s, which is not one of the %s trusted logs"
              .formatted(StrictText.quote(checkpoint.origin()), logs.size()));
    }
    VerifierKey log = signed.note().verify(logKeys).keySet().iterator().next();
    return new Witnessed(checkpoint, log, cosigned(signed));
  }

  /**
   * Returns the witnesses that cosigned a checkpoint of any log, with the times in seconds since
   * 1970. The caller must have verified the log's signature.
   *
   * @throws VerificationException if the quorum is not reached, or a signature that names a known
   *     witness's key is invalid
   */
  public Map<Witness, Long> cosigned(SignedCheckpoint signed) throws VerificationException {
    Map<Witness, Long> cosigned = cosigned(signed.note());
    requireQuorum(cosigned.keySet());
    return cosigned;
  }

  private Map<Witness, Long> cosigned(SignedNote note) throws VerificationException {
    Map<Witness, Long> cosigned = new LinkedHashMap<>();
    for (Witness witness : witnesses) {
      if (note.signatures().stream().anyMatch(witness.key()::isNamedBy)) {
        NoteSignature line = note.verify(List.of(witness.key())).get(witness.key());
        cosigned.put(witness, time(line));
      }
    }
    return cosigned;
  }

  private static long time(NoteSignature line) {
    try {
      return Cosignature.of(line).time();
    } catch (CheckpointParseException e) {
      throw new IllegalStateException("a verified cosignature has a time", e);
    }
  }

  private void requireQuorum(Set<Witness> cosigned) throws VerificationException {
    Set<String> witnessed = new HashSet<>();
    witnessed.add(NONE);
    cosigned.forEach(witness -> witnessed.add(witness.name()));
    // Members are defined before their group, so one pass suffices.
    for (Group group : groups) {
      if (group.members().stream().filter(witnessed::contains).count() >= group.threshold()) {
        witnessed.add(group.name());
      }
    }
    if (!witnessed.contains(quorum)) {
      throw new VerificationException(
          Reason.NO_QUORUM,
          "cosigned by %s of %s known witnesses, which does not reach the quorum %s"
              .formatted(cosigned.size(), witnesses.size(), StrictText.quote(quorum)));
    }
  }
}
