// SPDX-License-Identifier: Apache-2.0
package dev.indelible.follow;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.health.HealthEntries;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.CosignatureStore;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.LedgerSource;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.StoredTiles;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.witness.WitnessClient;
import dev.indelible.witness.WitnessReply;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * Has a log's checkpoints cosigned while it is at work, and keeps the cosignatures beside them.
 *
 * <p>Never in the way (D1): each witness has a thread of its own, which looks at the ledger from
 * time to time as any other reader does, and writes one short row for each cosignature. Neither the
 * queue nor the drainer knows of it or waits for it, whatever a witness does; nor does one witness
 * wait for another. A checkpoint that no one could be asked about in time is left out, for the next
 * covers all of its rows.
 */
public final class CosignatureFollower {
  /** Longest time that a closer waits for the last checkpoint to be cosigned and anchored. */
  public static final Duration CLOSING_PATIENCE = Duration.ofSeconds(1);

  /** Cosigned checkpoints read to find the last one with a quorum; beyond them it is unknown. */
  private static final int MOST_LOOKED_AT = 1_000;

  private final WitnessPolicy policy;
  private final CosignatureStore store;
  private final HealthEntries health;
  private final List<Asking> askings = new ArrayList<>();

  /** The size of the last checkpoint that has a quorum; empty while that is unknown. */
  private final AtomicReference<OptionalLong> cosigned =
      new AtomicReference<>(OptionalLong.empty());

  /**
   * State of one witness.
   *
   * @param name its name in the policy
   * @param cosigned the size of the last checkpoint that it cosigned; empty while that is unknown
   * @param trouble the present fault; empty if there is none
   */
  public record State(String name, OptionalLong cosigned, Optional<String> trouble) {}

  private CosignatureFollower(
      WitnessPolicy policy,
      LedgerSource source,
      CosignatureStore store,
      HealthEntries health,
      Duration interval,
      Duration patience) {
    this.policy = policy;
    this.store = store;
    this.health = health;
    HttpClient http = WitnessClient.http();
    for (WitnessPolicy.Witness witness : policy.witnesses()) {
      witness
          .url()
          .map(WitnessClient::url)
          .ifPresent(
              url -> askings.add(new Asking(witness, url, http, source, interval, patience)));
    }
  }

  /**
   * Starts to ask the witnesses of a policy that have a URL.
   *
   * @param source the ledger; others create it, perhaps later
   * @param store keeps the cosignatures
   * @param health has an entry for each witness that contradicts the log, until it agrees again
   * @throws IllegalArgumentException as {@link #requireAskable}
   */
  public static CosignatureFollower start(
      WitnessPolicy policy, LedgerSource source, CosignatureStore store, HealthEntries health) {
    return start(policy, source, store, health, Follower.DEFAULT_INTERVAL, WitnessClient.PATIENCE);
  }

  /** Starts to ask with another interval and timeout, for tests. */
  static CosignatureFollower start(
      WitnessPolicy policy,
      LedgerSource source,
      CosignatureStore store,
      HealthEntries health,
      Duration interval,
      Duration patience) {
    CosignatureFollower witnessing =
        new CosignatureFollower(policy, source, store, health, interval, patience);
    boolean started = false;
    try {
      witnessing.askings.forEach(Asking::start);
      started = true;
      return witnessing;
    } finally {
      if (!started) {
        witnessing.stop();
      }
    }
  }

  /**
   * Returns if all witnesses of a policy that have a URL can be asked, and one checkpoint can bear
   * the cosignatures of all of them.
   *
   * @throws IllegalArgumentException if they cannot; the message names the witness, or the limit
   */
  public static void requireAskable(WitnessPolicy policy) {
    long asked = policy.witnesses().stream().filter(each -> each.url().isPresent()).count();
    if (asked > SignedCheckpoint.MAX_COSIGNATURES) {
      throw new IllegalArgumentException(
          "%s witnesses have a URL; a checkpoint bears the cosignatures of %s at most"
              .formatted(asked, SignedCheckpoint.MAX_COSIGNATURES));
    }
    for (WitnessPolicy.Witness witness : policy.witnesses()) {
      try {
        witness.url().ifPresent(WitnessClient::url);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "witness %s: its URL is %s".formatted(witness.name(), e.getMessage()), e);
      }
    }
  }

  /**
   * Returns the size of the last checkpoint that a quorum of the witnesses cosigned: 0 if there is
   * none, empty while that is unknown.
   */
  public OptionalLong cosigned() {
    return cosigned.get();
  }

  /** Returns the state of each witness that is asked. */
  public List<State> witnesses() {
    return askings.stream().map(Asking::state).toList();
  }

  /**
   * Returns the size of the last checkpoint in a ledger that a quorum of a policy's witnesses
   * cosigned: 0 if there is none; empty if none of the last thousand cosigned ones has a quorum,
   * and earlier ones were not read.
   */
  public static OptionalLong cosigned(LedgerReader ledger, WitnessPolicy policy)
      throws LedgerException {
    return lastOf(ledger, stored -> hasQuorum(stored, policy));
  }

  /**
   * Returns the size of the last cosigned checkpoint that satisfies a predicate, or 0, or empty.
   */
  private static OptionalLong lastOf(LedgerReader ledger, Predicate<StoredCheckpoint> holds)
      throws LedgerException {
    AtomicReference<OptionalLong> size = new AtomicReference<>(OptionalLong.empty());
    int[] left = {MOST_LOOKED_AT};
    ledger.forEachCosigned(
        stored -> {
          left[0]--;
          if (holds.test(stored)) {
            size.set(OptionalLong.of(stored.size()));
          }
          return size.get().isEmpty() && left[0] > 0;
        });
    return size.get().isEmpty() && left[0] > 0 ? OptionalLong.of(0) : size.get();
  }

  private static boolean hasQuorum(StoredCheckpoint stored, WitnessPolicy policy) {
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(stored.note());
      policy.cosigned(signed);
      return signed.unverified().size() == stored.size();
    } catch (CheckpointParseException | VerificationException e) {
      return false;
    }
  }

  /** Asks each witness once more about the last checkpoint, and ends. */
  public void stop() {
    askings.forEach(Asking::stop);
  }

  /**
   * Waits for the end after {@link #stop}. A witness that has not answered by then is asked again
   * after the next start.
   *
   * @param deadline on the clock of {@link System#nanoTime}
   */
  public void awaitEnd(long deadline) {
    askings.forEach(asking -> asking.awaitEnd(deadline));
  }

  /** Asks one witness, on a thread of its own. */
  private final class Asking extends Follower {
    private final WitnessPolicy.Witness witness;
    private final URI url;
    private final HttpClient http;
    private final Duration patience;
    private Optional<WitnessClient> client = Optional.empty();

    /** The size of the last checkpoint that it cosigned; written by this thread, read by any. */
    private volatile OptionalLong known = OptionalLong.empty();

    Asking(
        WitnessPolicy.Witness witness,
        URI url,
        HttpClient http,
        LedgerSource source,
        Duration interval,
        Duration patience) {
      super("indelible-witness-" + witness.name(), "witness " + witness.name(), source, interval);
      this.witness = witness;
      this.url = url;
      this.http = http;
      this.patience = patience;
    }

    State state() {
      return new State(witness.name(), known, trouble());
    }

    /** Asks for a cosignature of the last checkpoint, if the witness has not cosigned it yet. */
    @Override
    Optional<String> look(LedgerReader ledger)
        throws LedgerException, CheckpointParseException, InterruptedException {
      WitnessClient asked = client(ledger);
      Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
      if (last.isEmpty()) {
        return Optional.empty();
      }
      SignedCheckpoint checkpoint = SignedCheckpoint.parse(last.get().note());
      if (isCosigned(checkpoint)) {
        agreed();
        return cosigned(last.get().size());
      }
      WitnessReply reply =
          asked.ask(
              withoutCosignatures(checkpoint),
              TiledNodes.tree(new StoredTiles(ledger), last.get().size()));
      if (reply instanceof WitnessReply.Cosigned given) {
        store.keep(last.get().size(), nameAndId(witness.key()), given.line().line());
        agreed();
        cosigned(last.get().size());
        noteQuorum(ledger, last.get().size());
        return given.hadForgotten()
            ? Optional.of(
                "it was rolled back: it had forgotten what it cosigned, and vouches for less")
            : Optional.empty();
      }
      return refusal(reply);
    }

    private Optional<String> refusal(WitnessReply reply) throws LedgerException {
      if (reply instanceof WitnessReply.Failed failed) {
        return Optional.of(failed.reason());
      }
      if (reply instanceof WitnessReply.Contradicted contradicted) {
        return contradiction("the log was forked, or it is wrong: " + contradicted.reason());
      }
      long said = ((WitnessReply.Ahead) reply).size();
      long now = lastSize();
      if (now >= said) {
        // Another process of this log had a later checkpoint cosigned meanwhile.
        agreed();
        return Optional.empty();
      }
      return contradiction(
          "the log was rolled back, or it is wrong: it saw %s rows, and the last checkpoint is over %s"
              .formatted(said, now));
    }

    /** Clears the health entry: the witness agrees with the log. */
    private void agreed() {
      health.clear(HealthEntry.witness(witness.name()));
    }

    private Optional<String> contradiction(String what) {
      String said = "witness " + witness.name() + " contradicts the log: " + what;
      health.set(HealthEntry.witness(witness.name()), said);
      return Optional.of(said);
    }

    /** Returns the client; it is created once the ledger exists, and reads earlier cosignatures. */
    private WitnessClient client(LedgerReader ledger) throws LedgerException {
      if (client.isEmpty()) {
        cosigned.set(CosignatureFollower.cosigned(ledger, policy));
        // If that is unknown, the witness is asked from size 0, and answers with its own size.
        long before = lastOf(ledger, this::isCosigned).orElse(0);
        client = Optional.of(new WitnessClient(http, witness.key(), url, before, patience));
        cosigned(before);
      }
      return client.get();
    }

    private boolean isCosigned(StoredCheckpoint stored) {
      try {
        return isCosigned(SignedCheckpoint.parse(stored.note()));
      } catch (CheckpointParseException e) {
        return false;
      }
    }

    private boolean isCosigned(SignedCheckpoint checkpoint) {
      return checkpoint.note().signatures().stream()
          .anyMatch(line -> witness.key().verifies(checkpoint.note().text(), line));
    }

    /** Removes cosignatures: a witness needs none, and may refuse a note with so many lines. */
    private static SignedCheckpoint withoutCosignatures(SignedCheckpoint checkpoint) {
      String origin = checkpoint.unverified().origin();
      return checkpoint.withOnly(
          checkpoint.note().signatures().stream()
              .filter(line -> line.name().equals(origin))
              .toList());
    }

    private Optional<String> cosigned(long size) {
      known = OptionalLong.of(size);
      return Optional.empty();
    }

    private void noteQuorum(LedgerReader ledger, long size) throws LedgerException {
      ledger.forEachCheckpoint(
          size,
          size,
          stored -> {
            if (hasQuorum(stored, policy)) {
              cosigned.accumulateAndGet(
                  OptionalLong.of(size),
                  (was, now) -> was.orElse(0) >= now.getAsLong() ? was : now);
            }
            return false;
          });
    }
  }

  private static String nameAndId(VerifierKey key) {
    return "%s+%08x".formatted(key.name(), key.id());
  }
}
