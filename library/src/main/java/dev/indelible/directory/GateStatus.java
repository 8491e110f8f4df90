// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.GateChannel;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;

/**
 * The status of a gate that records through a queue. Its events are rows of a log elsewhere, which
 * this status does not read. A value that could not be read is empty, never zero.
 *
 * @param gate the name of the gate
 * @param queue the destination
 * @param waiting the events in the gate's journals that are not settled
 * @param positions the position up to which the events of each journal are settled
 * @param problems every problem; empty if there is none
 */
public record GateStatus(
    String gate,
    String queue,
    Optional<WaitingEvents> waiting,
    Optional<SortedMap<UUID, Long>> positions,
    List<HealthEntry> problems) {
  public GateStatus {
    problems = List.copyOf(problems);
  }

  /** Reads the status of a gate, which may be recording, and asks the queue. */
  public static GateStatus read(DataDirectory data, GateChannel channel, Clock clock) {
    List<HealthEntry> problems = new ArrayList<>();
    Optional<WaitingEvents> waiting = Optional.empty();
    Optional<SortedMap<UUID, Long>> positions = Optional.empty();
    try {
      positions = Optional.of(channel.settledPositions());
      WaitingEvents found =
          WaitingEvents.read(
              data.journal(),
              Optional.of(channel.id()),
              new LedgerPositions(channel::settled, any -> false));
      waiting = Optional.of(found);
      JournalCheck.waitingReason(found, clock.instant())
          .ifPresent(reason -> problems.add(new HealthEntry(HealthEntry.WAITING, reason)));
    } catch (LedgerException | JournalException e) {
      problems.add(new HealthEntry(HealthEntry.JOURNAL, String.valueOf(e.getMessage())));
    }
    channel
        .fault()
        .ifPresent(reason -> problems.add(new HealthEntry(HealthEntry.RECORDING, reason)));
    return new GateStatus(channel.gate(), channel.name(), waiting, positions, problems);
  }

  /** Returns the state in one word: {@code ok} or {@code unhealthy}. */
  public String state() {
    return problems.isEmpty() ? "ok" : "unhealthy";
  }

  /** Writes the members of the status. */
  public void write(CanonicalWriter out) {
    out.member("gate", gate);
    out.name("health").objects(problems, entry -> entry.write(out));
    out.name("positions")
        .object(
            positions,
            found ->
                found.forEach((journal, position) -> out.member(journal.toString(), position)));
    out.name("problems").strings(problems.stream().map(HealthEntry::reason).toList());
    out.member("queue", queue).member("state", state());
    JournalCheck.write(out, waiting);
  }
}
