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
  /** Returns the name shown in the results table. */
  String name();

  /** Returns the settings, for readers who repeat the measurement. */
  String settings();

  /** Opens the contender on an empty directory. */
  Session open(Path directory) throws Exception;

  /**
   * Reads the events that a closed or killed session left on disk. The contender first recovers, as
   * at a restart.
   *
   * @param id receives the id of each event, once per copy
   */
  void forEachEvent(Path directory, Consumer<String> id) throws Exception;

  /**
   * Returns the divisor of the event count. A slow contender returns more than 1 and gets fewer
   * events.
   */
  default int share() {
    return 1;
  }

  /** Returns the beginning of the name of a jar that must not be on the class path. */
  default Optional<String> withoutJar() {
    return Optional.empty();
  }

  /** An open contender. */
  interface Session extends AutoCloseable {
    /**
     * Submits an event. Thread-safe.
     *
     * @return true if the contender reports that it accepted the event
     */
    boolean submit(DeferredAuditEvent event) throws Exception;

    /** Waits until every accepted event is stored. Called after the last submit. */
    void awaitArrival() throws Exception;

    @Override
    void close() throws IOException, SQLException;
  }
}
