// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.check.Verifier;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.ledger.RowQuery;
import dev.indelible.queue.DrainReport;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The content of a ledger, without tallies and policies, read while no process writes to it.
 *
 * @param ids the ids of the rows, in order
 * @param types the event types of the rows, in order
 * @param agents the agents of the rows, in order
 * @param deadLetters the ids of the dead letters
 */
record Chain(List<String> ids, List<String> types, List<String> agents, List<String> deadLetters) {

  /**
   * Delivers waiting events, and checks that the counters reconcile and the chain verifies (promise
   * D10).
   */
  static Chain settle(Path data) throws Exception {
    Indelible indelible = Indelible.open(data);
    // Killed writers may leave more than a million events (D9, D10). Only a drainer that hangs
    // exceeds this limit.
    requireReconciled(indelible.closeAndFlush(Duration.ofMinutes(30)));
    return readIntact(data);
  }

  /** Reads the chain and checks that it verifies. */
  static Chain readIntact(Path data) throws Exception {
    VerificationReport report = verify(data);
    assertThat(report.verdict())
        .as(() -> report.findings().toString())
        .isEqualTo(VerificationReport.Verdict.INTACT);
    return read(new DataDirectory(data).database());
  }

  /** Reads the chain and checks that it verifies, except for the journal damage that it records. */
  static Chain readWithRecordedDamage(Path data) throws Exception {
    VerificationReport report = verify(data);
    assertThat(report.findings())
        .filteredOn(finding -> finding.status() == Finding.Status.BROKEN)
        .anyMatch(finding -> finding.check().equals("tamper"))
        .allMatch(finding -> Set.of("tamper", "completeness").contains(finding.check()));
    return read(new DataDirectory(data).database());
  }

  private static VerificationReport verify(Path data) throws Exception {
    DataDirectory directory = new DataDirectory(data);
    try (SqliteLedger ledger = SqliteLedger.open(directory.database())) {
      return new Verifier(ledger, VerificationOptions.of(directory.keys().accepted())).verify();
    }
  }

  static Chain read(Path database) throws Exception {
    Chain chain =
        new Chain(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (SqliteLedger ledger = SqliteLedger.open(database)) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            if (!row.eventType().equals(SystemEvent.TALLY)
                && !row.eventType().equals(SystemEvent.POLICY_LOADED)) {
              chain.ids().add(row.id());
              chain.types().add(row.eventType());
              chain.agents().add(row.agentId());
            }
            return true;
          });
      ledger.forEachDeadLetter(
          letter -> {
            chain.deadLetters().add(letter.id());
            return true;
          });
    }
    return chain;
  }

  /** Checks that every submitted event is accounted for and none is pending. */
  static void requireReconciled(DrainReport report) {
    assertThat(report.pending()).as(report::toString).isZero();
    assertThat(report.appended() + report.dead() + report.rejected())
        .as(report::toString)
        .isEqualTo(report.submitted());
  }

  static void requireReconciled(DeferredAuditMetrics counters) {
    assertThat(
            counters.appended()
                + counters.dlqLanded()
                + counters.pending()
                + counters.sendFailures())
        .as("%s", counters)
        .isEqualTo(counters.submitted());
  }

  /** Checks that each event is in the chain once or a dead letter once, and not both (D2). */
  void requireOnceEach(Iterable<String> accepted) {
    Map<String, Integer> times = new LinkedHashMap<>();
    ids.forEach(id -> times.merge(id, 1, Integer::sum));
    deadLetters.forEach(id -> times.merge(id, 1, Integer::sum));
    assertThat(times.values())
        .as("number of times that each event is recorded")
        .allMatch(n -> n == 1);
    List<String> missing = new ArrayList<>();
    accepted.forEach(
        id -> {
          if (!times.containsKey(id)) {
            missing.add(id);
          }
        });
    assertThat(missing).as("accepted but not recorded").isEmpty();
  }

  /**
   * Checks that the accepted events of one producer are in the chain in the order of submission
   * (D3).
   */
  void requireOrder(List<String> accepted) {
    Map<String, Integer> place = new LinkedHashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      place.put(ids.get(i), i);
    }
    assertThat(accepted.stream().filter(place::containsKey).map(place::get).toList()).isSorted();
  }
}
