// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.storage.CosignatureStore;
import dev.indelible.storage.LedgerSource;
import dev.indelible.storage.StoredTiles;
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
 * Requests cosignatures of a running log's checkpoints from witnesses, and stores them with the
 * checkpoints (D1).
 *
 * <p>It delays no event: each witness has its own thread, which reads the ledger from time to time
 * like any other reader and writes one short row for each cosignature. Neither the queue nor the
 * drainer waits for a witness, nor does one witness wait for another. A checkpoint that is
 * superseded before a witness is asked is skipped, because the next one covers its rows.
 */
public final class CosignatureFollower {
  /** The maximum time that a close waits for the last checkpoint to be cosigned and anchored. */
  public static final Duration CLOSING_PATIENCE = Duration.ofSeconds(1);

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
   * @param trouble the current fault; empty if there is none
   */
  public record State(String name, OptionalLong cosigned, Optional<String> trouble) {}

  /**
   * Looks after which a checkpoint that the log lacks contradicts it, although it has the rows: a
   * fail-over can lose the latest checkpoint, and the next one is signed within seconds.
   */
  private static final int LASTING = 5;

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
   * Starts asking the witnesses of a policy that have a URL.
   *
   * @param source the ledger; it need not exist yet
   * @param store stores the cosignatures
   * @param health receives an entry for each witness that contradicts the log, until the witness
   *     agrees again, and for each that cannot be asked because of an exception or error
   * @throws IllegalArgumentException see {@link #requireAskable}
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
   * Requires that all witnesses of a policy that have a URL can be asked, and that one checkpoint
   * can have the cosignatures of all of them.
   *
   * @throws IllegalArgumentException if not; the message names the witness or the limit
   */
  public static void requireAskable(WitnessPolicy policy) {
    long asked = policy.witnesses().stream().filter(each -> each.url().isPresent()).count();
    if (asked > SignedCheckpoint.MAX_COSIGNATURES) {
      throw new IllegalArgumentException(
          "%s witnesses have a URL; a checkpoint can have the cosignatures of %s at most"
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
   * cosigned: 0 if there is none. Reads only the last thousand cosigned checkpoints; empty if none
   * of them has a quorum and there may be more.
   */
  public static OptionalLong cosigned(LedgerReader ledger, WitnessPolicy policy)
      throws LedgerException {
    return lastOf(ledger, stored -> hasQuorum(stored, policy));
  }

  /**
   * Returns the size of the last cosigned checkpoint that satisfies a predicate: 0 if there is
   * none, empty if the limit was reached before one was found.
   */
  private static OptionalLong lastOf(LedgerReader ledger, Predicate<StoredCheckpoint> holds)
      throws LedgerException {
    AtomicReference<OptionalLong> size = new AtomicReference<>(OptionalLong.empty());
    int[] left = {LastCosignature.MOST_LOOKED_AT};
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

  /** Starts shutdown: each witness is asked once more about the last checkpoint. */
  public void stop() {
    askings.forEach(Asking::stop);
  }

  /**
   * Waits for the threads to end after {@link #stop}. A witness that has not answered by the
   * deadline is asked again after the next start.
   *
   * @param deadline on the clock of {@link System#nanoTime}
   */
  public void awaitEnd(long deadline) {
    askings.forEach(asking -> asking.awaitEnd(deadline));
  }

  /** Follower that asks one witness. */
  private final class Asking extends Follower {
    private final WitnessPolicy.Witness witness;
    private final URI url;
    private final HttpClient http;
    private final Duration patience;
    private Optional<WitnessClient> client = Optional.empty();

    /**
     * The size of the last checkpoint that the witness cosigned; this thread writes, any thread
     * reads.
     */
    private volatile OptionalLong known = OptionalLong.empty();

    /** Consecutive answers that the witness saw more rows than the last checkpoint covers. */
    private int ahead;

    Asking(
        WitnessPolicy.Witness witness,
        URI url,
        HttpClient http,
        LedgerSource source,
        Duration interval,
        Duration patience) {
      super(HealthEntry.witness(witness.name()), health, source, interval);
      this.witness = witness;
      this.url = url;
      this.http = http;
      this.patience = patience;
    }

    State state() {
      return new State(witness.name(), known, trouble());
    }

    /** Requests a cosignature of the last checkpoint, if the witness has not cosigned it yet. */
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
        ahead = 0;
        cosigned(last.get().size());
        noteQuorum(ledger, last.get().size());
        return given.wasRolledBack()
            ? Optional.of(
                "the witness was rolled back: it no longer knows a checkpoint that it cosigned")
            : Optional.empty();
      }
      return refusal(reply, last.get().size());
    }

    private Optional<String> refusal(WitnessReply reply, long last) throws LedgerException {
      if (reply instanceof WitnessReply.Failed failed) {
        return Optional.of(failed.reason());
      }
      if (reply instanceof WitnessReply.Contradicted contradicted) {
        return contradiction(
            "the log was forked, or the witness is wrong: " + contradicted.reason());
      }
      long stated = ((WitnessReply.Ahead) reply).size();
      if (lastSize() >= stated) {
        // Another process of this log obtained a cosignature of a later checkpoint meanwhile.
        agreed();
        ahead = 0;
        return Optional.empty();
      }
      if (++ahead < LASTING && rows() >= stated) {
        return Optional.of(
            "the witness saw %s rows, which the log has, but its last checkpoint is over %s: the next one has to prove that it continues them"
                .formatted(stated, last));
      }
      return contradiction(
          "the log was rolled back, or the witness is wrong: it saw %s rows, but the last checkpoint is over %s"
              .formatted(stated, last));
    }

    /** Clears the health entry, because the witness agrees with the log. */
    private void agreed() {
      health.clear(HealthEntry.witness(witness.name()));
    }

    private Optional<String> contradiction(String what) {
      String reason = "witness " + witness.name() + " contradicts the log: " + what;
      health.set(HealthEntry.witness(witness.name()), reason);
      return Optional.of(reason);
    }

    /** Returns the client. Creates it on the first call, from the stored cosignatures. */
    private WitnessClient client(LedgerReader ledger) throws LedgerException {
      if (client.isEmpty()) {
        cosigned.set(CosignatureFollower.cosigned(ledger, policy));
        // If the size is unknown, the request begins at size 0, and the witness answers with its
        // own size.
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

    /**
     * Removes cosignatures, because a witness does not need them and may reject a note with many
     * lines.
     */
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
