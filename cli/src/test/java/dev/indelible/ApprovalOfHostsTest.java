// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Approvals.Approver;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.action.Bash;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.postgres.TestServer;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two hosts on one ledger: an approval counts on both, and permits one action. */
@Tag("any-jdk")
@Timeout(300)
class ApprovalOfHostsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String AGENT = "agent:ci";
  private static final Approver ALICE = new Approver.Credential("user:alice", Optional.empty());
  private static final String RULES =
      """
      version: 1
      rules:
        - id: deploy
          severity: escalate
          reason: a deployment waits for a person
          when: {command: make}
      """;

  /** More than the threads with which one gate reads approvals. */
  private static final int AT_ONCE = 6;

  @TempDir Path temp;

  private TestServer server;
  private TestLink link;
  private String schema = "";
  private Indelible first;
  private Indelible second;

  @BeforeEach
  void open() throws Exception {
    server = TestServer.shared();
    schema = server.createLedger();
    link = new TestLink(server.port());
    String url = server.url(schema, TestServer.WRITER);
    Path policy = temp.resolve("first/policy");
    Files.createDirectories(policy);
    Files.writeString(policy.resolve("rules.yaml"), RULES);
    first = Indelible.builder(temp.resolve("first")).ledger(() -> url).open();
    first.gate().check(AGENT, new Bash("ls"));
    assertThat(first.queue().drainPending(LIMIT)).isTrue();
    copy("keys");
    copy("policy");
    second = Indelible.builder(temp.resolve("second")).ledger(() -> link.over(url)).open();
  }

  private void copy(String name) throws Exception {
    Path from = temp.resolve("first").resolve(name);
    Path to = temp.resolve("second").resolve(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @AfterEach
  void close() throws Exception {
    first.close();
    link.restore();
    second.close();
    link.close();
  }

  private static Bash action(int number) {
    return new Bash("make deploy # " + number);
  }

  /** Returns the approval of an action that the first host escalates. */
  private Resolution approve(Bash action) throws Exception {
    RecordedDecision asked = first.gate().record(AGENT, action);
    assertThat(asked.decision()).isInstanceOf(Escalate.class);
    assertThat(first.queue().drainPending(LIMIT)).isTrue();
    return first
        .approvals()
        .grant(asked.eventId().orElseThrow().toString(), ALICE, Duration.ofMinutes(10), "planned");
  }

  private static Decision ask(Indelible host, Bash action) {
    return host.gate().check(AGENT, action);
  }

  private void requireIntact() throws Exception {
    assertThat(first.queue().drainPending(LIMIT)).isTrue();
    assertThat(second.queue().drainPending(LIMIT)).isTrue();
    VerificationReport report = first.log().verify();
    assertThat(report.verdict()).as("%s", report.findings()).isEqualTo(Verdict.INTACT);
  }

  private long rows(String condition) throws Exception {
    return Long.parseLong(
        server.text("SELECT count(*) FROM %s.signed_events WHERE %s".formatted(schema, condition)));
  }

  @Test
  void approvalOfOneHostPermitsOnceOnTheOther() throws Exception {
    Resolution approval = approve(action(1));
    assertThat(second.approvals().request(approval.request()).state()).isEqualTo(State.GRANTED);

    Decision permitted = ask(second, action(1));
    assertThat(permitted.isPermitted()).isTrue();
    assertThat(permitted.reason()).contains("approved by user:alice: planned");
    for (Indelible host : List.of(first, second)) {
      assertThat(ask(host, action(1))).isInstanceOf(Escalate.class);
      assertThat(ask(host, action(2))).isInstanceOf(Escalate.class);
      assertThat(host.approvals().request(approval.request()).state()).isEqualTo(State.USED);
    }
    requireIntact();
    assertThat(rows("event_type = 'approval.used'")).isEqualTo(1);
  }

  @Test
  void oneOfManyUsesAtOncePermits() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2 * AT_ONCE);
    try {
      for (int round = 0; round < 5; round++) {
        approve(action(round));
        assertThat(permits(threads, action(round))).isEqualTo(1);
      }
    } finally {
      threads.shutdownNow();
    }
    requireIntact();
    assertThat(rows("event_type = 'approval.used'")).isEqualTo(5);
  }

  /** Returns how many of many attempts at once, on both hosts, are permitted. */
  private long permits(ExecutorService threads, Bash action) throws Exception {
    CyclicBarrier begin = new CyclicBarrier(2 * AT_ONCE);
    List<Future<Decision>> attempts = new ArrayList<>();
    for (int i = 0; i < 2 * AT_ONCE; i++) {
      Indelible host = i % 2 == 0 ? first : second;
      attempts.add(
          threads.submit(
              () -> {
                begin.await();
                return ask(host, action);
              }));
    }
    long permitted = 0;
    for (Future<Decision> attempt : attempts) {
      permitted += attempt.get().isPermitted() ? 1 : 0;
    }
    return permitted;
  }

  /**
   * Sessions end at any moment of a use: an approval is then used up, or left, never used twice.
   */
  @Test
  void lostSessionsPermitNothingTwice() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2 * AT_ONCE + 1);
    int rounds = 20;
    long permitted = 0;
    AtomicBoolean isOver = new AtomicBoolean();
    try {
      for (int round = 0; round < rounds; round++) {
        approve(action(round));
      }
      Future<?> killer =
          threads.submit(
              () -> {
                while (!isOver.get()) {
                  server.text(
                      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                          + " WHERE application_name = 'indelible' AND random() < 0.3");
                }
                return null;
              });
      for (int round = 0; round < rounds; round++) {
        long permits = permits(threads, action(round));
        assertThat(permits).isLessThanOrEqualTo(1);
        permitted += permits;
      }
      isOver.set(true);
      killer.get();
    } finally {
      isOver.set(true);
      threads.shutdownNow();
    }
    requireIntact();
    assertThat(rows("payload LIKE '%,\"approval\":\"%' AND event_type = 'governance.check'"))
        .isEqualTo(permitted);
    assertThat(rows("event_type = 'approval.used'")).isBetween(permitted, (long) rounds);
  }

  @Test
  void hostThatIsCutOffUsesNoApproval() throws Exception {
    approve(action(1));
    link.cut();
    Decision held = ask(second, action(1));
    assertThat(held).isInstanceOf(Escalate.class);
    assertThat(held.reason().orElseThrow()).contains("an approval cannot be used");
    link.restore();
    assertThat(ask(second, action(1)).isPermitted()).isTrue();
    requireIntact();
  }
}
