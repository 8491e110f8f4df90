// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import static java.util.stream.Collectors.joining;

import dev.indelible.health.HealthEntry;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The judgement of a log's health: whether events reach the ledger, and everything that is wrong.
 *
 * @param state whether events reach the ledger
 * @param entries everything that is wrong, at most one entry per source; empty when nothing is
 */
public record AuditHealth(State state, List<HealthEntry> entries) {
  /** The states; those from {@link #CLOSED} on are final. */
  public enum State {
    /** Events reach the ledger, and nothing is wrong. */
    RECORDING("events reach the ledger"),
    /** Something is wrong; nothing is dropped. */
    DEGRADED("something is wrong"),
    /** Events wait until a person repairs the ledger: its schema is not this version's (D6). */
    FAILED("the ledger needs repair"),
    /** Closed by its owner. */
    CLOSED("the log was closed by its owner"),
    /** The ledger's writer threw, more often in a row than its restart budget allows. */
    SINK_PANICKED("the ledger's writer has stopped"),
    /** The ledger's writer reported failure, more often in a row than its budget allows. */
    SINK_FAILED("the ledger's writer has stopped");

    private final String description;

    State(String description) {
      this.description = description;
    }

    /** Whether nothing more will be recorded. */
    public boolean isTerminal() {
      return compareTo(CLOSED) >= 0;
    }

    /** The name in metrics and JSON, for example {@code sink_failed}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Nothing is wrong. */
  public static final AuditHealth RECORDING = new AuditHealth(State.RECORDING, List.of());

  public AuditHealth {
    entries = List.copyOf(entries);
  }

  /**
   * A state that the drainer reports.
   *
   * @param reason why, the entry of {@link HealthEntry#RECORDING}; blank if nothing is wrong
   */
  public AuditHealth(State state, String reason) {
    this(
        state,
        reason.isBlank() ? List.of() : List.of(new HealthEntry(HealthEntry.RECORDING, reason)));
  }

  /** The health of a log that events reach, with these things wrong. */
  public static AuditHealth of(List<HealthEntry> entries) {
    return RECORDING.and(entries);
  }

  /**
   * This judgement with more entries: the entry that is here already stays, where both have one of
   * a source, and a log with an entry is not {@link State#RECORDING}.
   */
  public AuditHealth and(Collection<HealthEntry> more) {
    Map<String, HealthEntry> all = new LinkedHashMap<>();
    entries.forEach(entry -> all.put(entry.source(), entry));
    more.forEach(entry -> all.putIfAbsent(entry.source(), entry));
    State combined = state == State.RECORDING && !all.isEmpty() ? State.DEGRADED : state;
    return new AuditHealth(combined, List.copyOf(all.values()));
  }

  /** Whether nothing is wrong. */
  public boolean isWell() {
    return entries.isEmpty() && (state == State.RECORDING || state == State.CLOSED);
  }

  /** The entry of a source. */
  public Optional<HealthEntry> entry(String source) {
    return entries.stream().filter(entry -> entry.source().equals(source)).findFirst();
  }

  /** Everything that is wrong in one line, or else a description of the state; never blank. */
  public String reason() {
    return entries.isEmpty()
        ? state.description
        : entries.stream().map(HealthEntry::reason).collect(joining("; "));
  }
}
