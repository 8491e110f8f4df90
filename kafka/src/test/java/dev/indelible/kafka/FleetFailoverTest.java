// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.check.Verifier;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperAnswer;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNotes;
import dev.indelible.postgres.TestServer;
import dev.indelible.postgres.TestServerPair;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Gates record through the topic while the primary of the ledger is killed with SIGKILL and its
 * standby promoted (promises D2, D3, D7). Gates and ledger writers are processes; the ledger
 * writers find the new primary by a URL that names both servers.
 */
@Tag("any-jdk")
@Timeout(3600)
class FleetFailoverTest {
  private static final int PARTITIONS = 2;

  /** One agent in each partition: an agent has the name of its gate. */
  private static final List<String> GATES = List.of(name(0), name(1));

  private static final int FAIL_OVERS = Integer.getInteger("indelible.failovers", 20);

  @TempDir private Path temp;
  private TestServerPair servers;
  private TestFleet fleet;
  private String url = "";

  /** Keeps every checkpoint outside of the servers. */
  private AnchorFollower anchor;

  private final ConcurrentLinkedQueue<String> contradictions = new ConcurrentLinkedQueue<>();

  /** The running gates. */
  private final Map<String, FleetPart> gates = new TreeMap<>();

  /** All processes of each gate, oldest first. */
  private final Map<String, List<FleetPart>> runs = new TreeMap<>();

  private final List<FleetPart> writers = new ArrayList<>();

  private static String name(int partition) {
    for (int i = 0; ; i++) {
      if (Shard.partitionOf("gate-" + i, PARTITIONS) == partition) {
        return "gate-" + i;
      }
    }
  }

  private void start(boolean isSynchronous) throws Exception {
    servers = TestServerPair.start(isSynchronous);
    fleet =
        TestFleet.create(
            TestBroker.shared(), servers.primary(), PARTITIONS, GATES.toArray(String[]::new));
    url = servers.url(fleet.schema(), TestServer.WRITER);
    addWriter();
    addWriter();
    for (String gate : GATES) {
      Files.createDirectory(temp.resolve(gate));
      startGate(gate);
    }
    anchor =
        AnchorFollower.start(
            anchorFile(),
            () -> Optional.of(TestFleet.ledger(url).open()),
            () -> TestFleet.LOG_KEYS,
            new HealthEntries(),
            contradictions::add);
  }

  private Path anchorFile() {
    return temp.resolve("anchor");
  }

  private void startGate(String name) throws Exception {
    FleetPart gate = FleetPart.gate(FleetPart.gateProcess(), fleet, name, temp.resolve(name));
    gates.put(name, gate);
    runs.computeIfAbsent(name, any -> new ArrayList<>()).add(gate);
  }

  private void addWriter() throws Exception {
    String name = "writer-" + writers.size();
    writers.add(FleetPart.writer(FleetPart.writerProcess(), fleet, url, name));
  }

  /** One gate goes on, and the other is stopped during each fail-over. */
  @Test
  @Tag("full")
  void synchronousFailOversLoseNothing() throws Exception {
    start(true);
    Random random = new Random(FAIL_OVERS);
    for (int round = 0; round < FAIL_OVERS; round++) {
      awaitRows(20);
      awaitCheckpoint();
      stopGate(GATES.get(1));
      // The pause is the random moment of the kill; it does not wait for a state.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(500)).toNanos());
      failOver();
      startGate(GATES.get(1));
      servers.addStandby();
    }
    end();
    requireEachOnce();
    assertThat(fleet.details(SystemEvent.GAP)).isEmpty();
    assertThat(fleet.details(SystemEvent.TAMPER)).isEmpty();
    VerificationReport report = verify();
    assertThat(report.verdict()).as(report.findings().toString()).isEqualTo(Verdict.INTACT);
    requireAnchored(report);
  }

  @Test
  void asynchronousFailOverReadsLostEventsAgain() throws Exception {
    failOverAsynchronously(1);
  }

  @Test
  @Tag("full")
  void asynchronousFailOversReadLostEventsAgain() throws Exception {
    failOverAsynchronously(FAIL_OVERS);
  }

  /**
   * The standby receives nothing for a while before the primary is killed. Meanwhile both gates
   * remove events from their journals, because the old primary has the rows; one of the gates is
   * then stopped. Only the topic has these events, and every one of them becomes a row again.
   */
  private void failOverAsynchronously(int rounds) throws Exception {
    start(false);
    for (int round = 0; round < rounds; round++) {
      awaitCheckpoint();
      Set<String> lost = loseRows();
      // The owner of the partitions goes on, or its standby takes over.
      FleetPart owner = owner();
      FleetPart killed =
          round % 2 == 0
              ? writers.stream().filter(each -> each != owner).findFirst().orElseThrow()
              : owner;
      killed.kill();
      writers.remove(killed);
      failOver();
      FleetPart.await(() -> assertThat(decisions(fleet.server())).containsAll(lost));
      startGate(GATES.get(1));
      addWriter();
      if (round + 1 < rounds) {
        servers.addStandby();
      }
    }
    awaitCheckpoint();
    end();
    requireEachOnce();
    assertThat(fleet.details(SystemEvent.GAP)).isEmpty();

    // Each ledger writer that recorded lost rows notes them when it appends again.
    List<String> notes =
        fleet
            .server()
            .texts(
                "SELECT sequence FROM %s.signed_events WHERE event_type = '%s'"
                    .formatted(fleet.schema(), SystemEvent.TAMPER));
    assertThat(notes).hasSizeBetween(1, rounds);
    VerificationReport report = verify();
    assertThat(broken(report))
        .as(report.findings().toString())
        .hasSize(notes.size())
        .containsOnly(Finding.TAMPER);
    requireAnchored(report);
    for (String note : notes) {
      answer(Long.parseLong(note));
    }
    report = verify();
    assertThat(report.verdict()).as(report.findings().toString()).isEqualTo(Verdict.UNKNOWN);
    assertThat(broken(report)).isEmpty();
    requireAnchored(report);
  }

  /**
   * Lets the primary record rows that the standby does not receive, and stops a gate whose events
   * are among them.
   *
   * @return the ids of decisions that only the primary has
   */
  private Set<String> loseRows() throws Exception {
    servers.holdReplication();
    awaitRows(100);
    stopGate(GATES.get(1));
    awaitRows(50);
    Set<String> lost = new HashSet<>(decisions(servers.primary()));
    lost.removeAll(decisions(servers.standby()));
    String last = runs.get(GATES.get(1)).get(runs.get(GATES.get(1)).size() - 1).lastAccepted();
    assertThat(commands(servers.primary(), GATES.get(1))).endsWith(last);
    assertThat(lost).hasSizeGreaterThan(100);
    return lost;
  }

  /**
   * The topic's retention has removed the groups of lost rows before the fail-over. Their gates
   * have removed the events from their journals, so each gate's loss is on record, with its number.
   */
  @Test
  @Tag("full")
  void lostRowsThatTheTopicLacksAreAGap() throws Exception {
    start(false);
    awaitCheckpoint();
    loseRows();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      Shard shard = new Shard(fleet.queue().topic(), partition, PARTITIONS);
      String offset =
          servers
              .primary()
              .text(
                  "SELECT position FROM %s.indelible_journals WHERE journal = '%s'"
                      .formatted(fleet.schema(), shard.offsetMark()));
      fleet.broker().trim(fleet.queue().topic(), partition, Long.parseLong(offset));
    }
    failOver();
    startGate(GATES.get(1));
    for (FleetPart gate : gates.values()) {
      gate.awaitDecisions();
      gate.awaitHealth("RECORDING", "");
    }
    end();

    List<String> gaps = fleet.details(SystemEvent.GAP);
    assertThat(gaps.stream().filter(gap -> gap.contains("its retention removed them")))
        .hasSize(PARTITIONS);
    for (String gate : GATES) {
      List<String> accepted = accepted(gate);
      List<String> recorded = commands(fleet.server(), gate);
      int before = 0;
      while (recorded.get(before).equals(accepted.get(before))) {
        before++;
      }
      int missing = accepted.size() - recorded.size();
      assertThat(missing).as(gate).isPositive();
      assertThat(recorded.subList(before, recorded.size()))
          .isEqualTo(accepted.subList(before + missing, accepted.size()));
      assertThat(gaps.stream().filter(gap -> gap.contains("\"gate\":\"" + gate + "\"")))
          .singleElement()
          .asString()
          .contains("\"count\":" + missing + ",");
    }
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    assertThat(fleet.deadLetters()).isZero();
    requireAnchored(verify());
  }

  private void failOver() throws Exception {
    servers.failOver();
    fleet = new TestFleet(fleet.broker(), servers.primary(), fleet.queue(), fleet.schema());
  }

  /** Stops a gate after everything that it accepted is settled. */
  private void stopGate(String name) throws Exception {
    gates.remove(name).stop();
  }

  private FleetPart owner() {
    FleetPart.await(
        () -> assertThat(writers).anyMatch(each -> each.health().startsWith("READING")));
    return writers.stream()
        .filter(each -> each.health().startsWith("READING"))
        .findFirst()
        .orElseThrow();
  }

  /** Waits until the ledger has more rows. */
  private void awaitRows(int count) throws Exception {
    int before = fleet.ids().size();
    FleetPart.await(() -> assertThat(fleet.ids()).hasSizeGreaterThan(before + count));
  }

  /** Waits for a checkpoint, kept outside of the servers, over more rows than there are now. */
  private void awaitCheckpoint() throws Exception {
    long rows = fleet.ids().size();
    FleetPart.await(
        () -> assertThat(anchor.state().anchored().orElse(0)).as("anchored").isGreaterThan(rows));
  }

  private List<String> decisions(TestServer server) throws Exception {
    return server.texts(
        "SELECT id FROM %s.signed_events WHERE event_type LIKE 'governance.%%'"
            .formatted(fleet.schema()));
  }

  private List<String> commands(TestServer server, String gate) throws Exception {
    TestFleet there = new TestFleet(fleet.broker(), server, fleet.queue(), fleet.schema());
    return there.commands(gate);
  }

  /** Returns the commands that all processes of a gate accepted, in order. */
  private List<String> accepted(String gate) {
    return runs.get(gate).stream().flatMap(each -> each.accepted().stream()).toList();
  }

  /** Lets each part settle what it has, and end. */
  private void end() throws Exception {
    for (String gate : GATES) {
      stopGate(gate);
    }
    for (FleetPart writer : writers) {
      writer.stop();
    }
  }

  private void requireEachOnce() throws Exception {
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    for (String gate : GATES) {
      assertThat(commands(fleet.server(), gate)).as(gate).isEqualTo(accepted(gate));
    }
    assertThat(fleet.deadLetters()).isZero();
    assertThat(fleet.details(SystemEvent.GROUP_REFUSED)).isEmpty();
  }

  private VerificationReport verify() throws Exception {
    try (StoredLedger reader = fleet.ledger().open()) {
      return new Verifier(
              reader, VerificationOptions.of(TestFleet.LOG_KEYS).anchors(List.of(anchorFile())))
          .verify();
    }
  }

  private static List<String> broken(VerificationReport report) {
    return report.findings().stream()
        .filter(finding -> finding.status() == Finding.Status.BROKEN)
        .map(Finding::check)
        .toList();
  }

  /** Requires that the log continues every checkpoint that was kept outside of the servers. */
  private void requireAnchored(VerificationReport report) {
    assertThat(contradictions).isEmpty();
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals(Finding.ANCHOR))
        .isNotEmpty()
        .allMatch(finding -> finding.status() == Finding.Status.OK);
  }

  /** Appends the answer of {@code log answer --rows-lost}, if that verb would append it. */
  private void answer(long sequence) throws Exception {
    TamperAnswer answer;
    try (StoredLedger reader = fleet.ledger().open()) {
      ChainRow row = reader.row(sequence).orElseThrow();
      TamperNote note = TamperNote.read(row).orElseThrow();
      assertThat(note.scope()).isEqualTo(TamperNote.Scope.CHAIN);
      KeyHistory history = KeyHistory.read(reader, TestFleet.LOG_KEYS, false);
      assertThat(new TamperNotes(reader, history).whyNot(sequence, note)).isEmpty();
      answer =
          new TamperAnswer(
              sequence,
              note.sequence(),
              note.recordHash(),
              "fail-over",
              "operator",
              Optional.of(row.head().hex()));
    }
    try (KeyEvents events =
        KeyEvents.of(fleet.ledger().openWriter(), CheckpointFile.none(), TestFleet.LOG_KEYS)) {
      events.answer(TestFleet.LOG_KEY, answer);
    }
  }

  @AfterEach
  void stop() {
    runs.values().forEach(each -> each.forEach(FleetPart::close));
    writers.forEach(FleetPart::close);
    if (anchor != null) {
      anchor.stop();
    }
    if (servers != null) {
      servers.close();
    }
  }
}
