// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.Consumer;

/** A way to accept events and store them on disk. */
public interface Contender {
  /** Returns the name in the table. */
  String name();

  /** Returns the settings, for readers who repeat the measurement. */
  String settings();

  /** Opens the contender on an empty directory. */
  Session open(Path directory) throws Exception;

  /**
   * Reads the events on disk of a session that ended or was killed, after the recovery that the
   * contender makes at a restart.
   *
   * @param id receives the id of each event, once for each copy
   */
  void forEachEvent(Path directory, Consumer<String> id) throws Exception;

  /**
   * Returns the divisor of the number of events for a measurement; more than one for slow
   * contenders.
   */
  default int share() {
    return 1;
  }

  /** Returns the prefix of the name of a jar that must not be on its class path. */
  default Optional<String> withoutJar() {
    return Optional.empty();
  }

  /** An open contender. */
  interface Session extends AutoCloseable {
    /**
     * Submits an event; thread-safe.
     *
     * @return true if it was accepted, as far as the contender reports it
     */
    boolean submit(DeferredAuditEvent event) throws Exception;

    /** Waits until every accepted event is stored; called after the last submit. */
    void awaitArrival() throws Exception;

    @Override
    void close() throws IOException, SQLException;
  }
}
