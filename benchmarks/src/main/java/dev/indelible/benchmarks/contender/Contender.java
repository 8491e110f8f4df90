// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.Consumer;

/** A way to take events in and bring them to rest on disk. */
public interface Contender {
  /** What it is called in the table. */
  String name();

  /** With what settings it runs, for the reader who wants to judge or repeat it. */
  String settings();

  /** Opens it on a directory that is empty. */
  Session open(Path directory) throws Exception;

  /**
   * Names what is on disk of a session that has ended, or was killed, after the recovery that the
   * contender itself makes when it starts again.
   *
   * @param id takes the id of each event, as often as it is there
   */
  void forEachEvent(Path directory, Consumer<String> id) throws Exception;

  /**
   * The part of the events that is enough to measure it: one in so many. More than one for those so
   * slow that nobody would wait for the rest.
   */
  default int share() {
    return 1;
  }

  /** The beginning of the name of a jar that it is to run without. */
  default Optional<String> withoutJar() {
    return Optional.empty();
  }

  /** A contender at work. */
  interface Session extends AutoCloseable {
    /**
     * Hands in an event; from any thread.
     *
     * @return whether it was accepted, as far as the contender tells
     */
    boolean submit(DeferredAuditEvent event) throws Exception;

    /** Waits until everything accepted is where it ends. Nothing is handed in any more. */
    void awaitArrival() throws Exception;

    @Override
    void close() throws IOException, SQLException;
  }
}
