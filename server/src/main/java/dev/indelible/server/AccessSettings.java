// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.access.AccessEvents;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings about callers.
 *
 * @param keys the file of the API keys, which another process may change; null if no key is
 *     accepted
 * @param names the names of this machine that {@code Host} may have, besides the loopback names
 * @param bindings the roles of users, groups and client certificates
 * @param perSecond requests per second for each credential, and for all callers without one
 *     together; 0 for no limit
 * @param recordsReads true if reads of the log are recorded in the chain
 * @param publish true if checkpoint, tiles and entries can be read without a credential
 */
record AccessSettings(
    @Nullable ApiKeyFile keys,
    Set<String> names,
    List<Binding> bindings,
    int perSecond,
    boolean recordsReads,
    boolean publish) {
  private static final Logger LOG = LoggerFactory.getLogger(AccessSettings.class);

  /**
   * The wait for events of an earlier run, among which settings may be; a start takes two seconds.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Accepts no credential. */
  static final AccessSettings DEFAULT =
      new AccessSettings(null, Set.of(), List.of(), 0, true, false);

  AccessSettings {
    names = Set.copyOf(names);
    bindings = List.copyOf(bindings);
  }

  /**
   * Records in the chain to whom roles are given, whose certificates are accepted, whether reads
   * are recorded and whether entries are published. Does nothing if the latest settings in the
   * chain equal these, or it has none and these are the defaults. If the latest ones are not known,
   * because they wait or cannot be read, these are recorded.
   *
   * @param clientCa the digest of the file with the issuers of client certificates
   * @throws IOException if they cannot be recorded, and so must not take effect
   */
  void record(Indelible log, Optional<String> clientCa) throws IOException {
    SystemEvent event = AccessEvents.settings(bindings, recordsReads, publish, clientCa);
    if (!log.queue().drainPending(PATIENCE) || !isLatest(log, event)) {
      submit(log, event);
    }
  }

  /**
   * Records that the issuers of client certificates have changed while the daemon runs.
   *
   * @throws IOException if it cannot be recorded, and so must not take effect
   */
  void recordChange(Indelible log, Optional<String> clientCa) throws IOException {
    submit(log, AccessEvents.settings(bindings, recordsReads, publish, clientCa));
  }

  private static void submit(Indelible log, SystemEvent event) throws IOException {
    if (!log.queue().submit(event)) {
      throw new IOException("the changed roles and settings cannot be recorded");
    }
  }

  /** Returns true if the chain is known to end with these settings. */
  private static boolean isLatest(Indelible log, SystemEvent event) {
    Deque<JsonValue> last = new ArrayDeque<>();
    last.push(AccessEvents.settings(List.of(), true, false, Optional.empty()).details());
    if (!log.log().hasLedger()) {
      return event.details().equals(last.peek());
    }
    try (LedgerReader ledger = log.log().reader()) {
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.ACCESS_SETTINGS),
          row -> {
            row.details(SystemEvent.ACCESS_SETTINGS, AccessEvents::settings).ifPresent(last::push);
            return true;
          });
    } catch (LedgerException e) {
      LOG.debug("the settings in the chain cannot be read: {}", e.getMessage());
      return false;
    }
    return event.details().equals(last.peek());
  }

  AccessSettings withKeys(ApiKeyFile file) {
    return new AccessSettings(file, names, bindings, perSecond, recordsReads, publish);
  }
}
