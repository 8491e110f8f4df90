// SPDX-License-Identifier: Apache-2.0
package dev.indelible.health;

import static java.util.stream.Collectors.joining;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The health of a log: whether events reach the ledger, and every fault.
 *
 * @param state the state of recording
 * @param entries every fault, at most one entry per source; empty without a fault
 */
public record AuditHealth(State state, List<HealthEntry> entries) {
  /** A state of a log; {@link #CLOSED} and the states after it are terminal. */
  public enum State {
    /** Events reach the ledger, and there is no fault. */
    RECORDING("events reach the ledger"),
    /** There is a fault; nothing is dropped. */
    DEGRADED("something is wrong"),
    /**
     * Events wait until a person acts: the ledger's schema differs from this version's, or the key
     * of this process may not sign for the log (D6).
     */
    FAILED("the ledger or its key needs repair"),
    /** Closed by its owner. */
    CLOSED("the log was closed by its owner"),
    /**
     * The ledger's writer threw unexpected exceptions, more often in a row than its budget allows.
     */
    SINK_PANICKED("the ledger's writer has stopped"),
    /** The ledger's writer reported failures, more often in a row than its budget allows. */
    SINK_FAILED("the ledger's writer has stopped"),
    /** The log was ended, and nothing more is recorded in it. */
    ENDED("the log was ended");

    private final String description;

    State(String description) {
      this.description = description;
    }

    /** Returns true if nothing more will be recorded. */
    public boolean isTerminal() {
      return compareTo(CLOSED) >= 0;
    }

    /** Returns the name in metrics and JSON, for example {@code sink_failed}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The health of a log without a fault. */
  public static final AuditHealth RECORDING = new AuditHealth(State.RECORDING, List.of());

  public AuditHealth {
    entries = List.copyOf(entries);
  }

  /**
   * Creates the health that the drainer reports.
   *
   * @param reason the reason in the entry {@link HealthEntry#RECORDING}; blank without a fault
   */
  public AuditHealth(State state, String reason) {
    this(
        state,
        reason.isBlank() ? List.of() : List.of(new HealthEntry(HealthEntry.RECORDING, reason)));
  }

  /** Returns the health of a log whose events reach the ledger, with faults. */
  public static AuditHealth of(List<HealthEntry> entries) {
    return RECORDING.and(entries);
  }

  /**
   * Returns this health with more entries. If both have an entry of a source, the entry of this
   * health is kept. A log with an entry is not {@link State#RECORDING}.
   */
  public AuditHealth and(Collection<HealthEntry> more) {
    Map<String, HealthEntry> all = new LinkedHashMap<>();
    entries.forEach(entry -> all.put(entry.source(), entry));
    more.forEach(entry -> all.putIfAbsent(entry.source(), entry));
    State combined = state == State.RECORDING && !all.isEmpty() ? State.DEGRADED : state;
    return new AuditHealth(combined, List.copyOf(all.values()));
  }

  /** Returns true if there is no fault. */
  public boolean isWell() {
    return entries.isEmpty() && (state == State.RECORDING || state == State.CLOSED);
  }

  /** Returns the entry of a source. */
  public Optional<HealthEntry> entry(String source) {
    return entries.stream().filter(entry -> entry.source().equals(source)).findFirst();
  }

  /** Returns every fault in one line, or else a description of the state; never blank. */
  public String reason() {
    return entries.isEmpty()
        ? state.description
        : entries.stream().map(HealthEntry::reason).collect(joining("; "));
  }
}
