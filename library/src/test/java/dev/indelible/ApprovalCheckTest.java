// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.Approvals.Approver;
import dev.indelible.Approvals.Request;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.append.ApprovalEvents;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Warn;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalStatement;
import dev.indelible.note.ApprovalUse;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verifier finds rows about approvals that a holder of the audit key has forged. */
class ApprovalCheckTest {
  private static final String AGENT = "agent:alice";
  private static final Bash DEPLOY = new Bash("make deploy");
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final NoteSigner BOB = NoteSigner.of("bob", SigningKey.generate());

  @TempDir Path root;
  private DataDirectory data;
  private Indelible log;
  private Request request;

  @BeforeEach
  void escalate() throws Exception {
    data = new DataDirectory(root.resolve("data"));
    Files.createDirectories(data.policy());
    Files.writeString(
        data.policy().resolve("rules.yaml"),
        """
        version: 1
        approvers: ["%s"]
        rules:
          - id: ask
            severity: escalate
            reason: deployments wait for a person
            when: {command: make}
        """
            .formatted(BOB.verifierKey().vkey()));
    open();
    RecordedDecision asked = log.gate().record(AGENT, DEPLOY);
    assertThat(asked.decision()).isInstanceOf(Escalate.class);
    drain();
    request = log.approvals().request(asked.eventId().orElseThrow().toString());
  }

  private void open() throws OpenException {
    log = Indelible.builder(data.path()).shutdownHook(false).watchPolicy(false).open();
  }

  @AfterEach
  void close() {
    log.closeAndFlush(LIMIT);
  }

  private void drain() {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
  }

  private List<String> faults() throws Exception {
    drain();
    return log.log().verify().findings().stream()
        .filter(Finding::isFault)
        .map(each -> each.check() + ": " + each.message())
        .toList();
  }

  private ApprovalNote answer(ApprovalSubject subject, String event, Instant expires) {
    return new ApprovalNote(
        event, subject, true, Optional.of(expires), "planned", "key:carol", Optional.empty());
  }

  private static Instant soon() {
    return Instant.now().plus(Duration.ofMinutes(10)).truncatedTo(ChronoUnit.MICROS);
  }

  /** Appends an answer with the audit key, without the checks of the library. */
  private String forge(ApprovalNote answer) throws Exception {
    DataDirectory.SigningKeys keys = data.signingKeys();
    SystemEvent event = answer.toEvent();
    try (ApprovalEvents events =
        new ApprovalEvents(
            SqliteWriter.open(data.database()),
            data.checkpointFile(),
            keys.signer(),
            keys.accepted())) {
      assertThat(events.append(event, answer, request.row())).isEmpty();
    }
    return event.id().toString();
  }

  /** Records a decision that names an approval, without the checks of the gate. */
  private void permit(String agent, AgentAction action, String policy, String approval) {
    log.queue()
        .submit(
            DeferredAuditEvent.of(agent, action, new Escalate("ask", "wait"), Optional.of(policy))
                .approved(new Warn("ask", "approved"), approval, List.of()));
  }

  private void permit(String approval) {
    permit(AGENT, DEPLOY, request.subject().policy(), approval);
  }

  @Test
  void genuineUseHasNoFault() throws Exception {
    Approver bob = new Approver.Key(BOB);
    permit(log.approvals().grant(request.id(), bob, Approvals.DEFAULT_VALIDITY, "planned").id());

    assertThat(faults()).isEmpty();
  }

  @Test
  void useOfAnApprovalThatIsNotThereIsFound() throws Exception {
    permit(UUID.randomUUID().toString());
    permit(request.id());

    assertThat(faults())
        .hasSize(2)
        .allMatch(each -> each.contains("and no sound row before it has this approval"));
  }

  @Test
  void useForSomethingElseIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    permit(AGENT, new Bash("make deploy "), request.subject().policy(), approval);

    assertThat(faults()).singleElement().asString().contains("which is for another action, agent");
  }

  @Test
  void useByAnotherAgentOrPolicyIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    permit("agent:eve", DEPLOY, request.subject().policy(), approval);

    assertThat(faults()).singleElement().asString().contains("which is for another action, agent");
  }

  @Test
  void useAfterTheExpiryIsFound() throws Exception {
    Instant before = Instant.now().minusSeconds(1).truncatedTo(ChronoUnit.MICROS);
    permit(forge(answer(request.subject(), request.id(), before)));

    assertThat(faults()).singleElement().asString().contains("a denial or had expired");
  }

  /** The first use is in front of the rows that are checked. */
  @Test
  void secondUseAfterAVerifiedPartIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    permit(approval);
    long used = size();
    permit(approval);

    assertThat(faultsAfter(used)).singleElement().asString().contains("used it already");
  }

  @Test
  void decisionAfterAnEarlierUseIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    assertThat(use(approval, UUID.randomUUID().toString())).isTrue();
    long used = size();
    permit(approval);

    assertThat(faultsAfter(used)).singleElement().asString().contains("and was used for event");
  }

  @Test
  void useAfterAnEarlierUseIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    assertThat(use(approval, UUID.randomUUID().toString())).isTrue();
    long used = size();
    forceUse(approval);

    assertThat(faultsAfter(used)).singleElement().asString().contains("was used for event");
    assertThat(faults()).singleElement().asString().contains("was used for event");
  }

  /** A gate of an earlier version records no use. */
  @Test
  void useAfterADecisionIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    permit(approval);
    long used = size();
    assertThat(use(approval, UUID.randomUUID().toString())).isTrue();

    assertThat(faultsAfter(used)).singleElement().asString().contains("used it already");
    assertThat(faults()).singleElement().asString().contains("used it already");
  }

  @Test
  void changedUseBeforeTheVerifiedRowsIsUnknown() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    assertThat(use(approval, UUID.randomUUID().toString())).isTrue();
    long used = size();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.database());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE signed_events SET payload = replace(payload, '\"event\":\"', '\"event\":\"x')"
              + " WHERE event_type = 'approval.used'");
    }
    permit(approval);

    assertThat(findingsAfter(used))
        .filteredOn(each -> each.status() == Finding.Status.UNKNOWN)
        .anySatisfy(
            each -> assertThat(each.message()).contains("unknown if the approval was used twice"));
  }

  /** Returns the number of rows, with all events so far. */
  private long size() throws Exception {
    drain();
    try (LedgerReader reader = log.log().reader()) {
      return reader.size();
    }
  }

  private List<Finding> findingsAfter(long row) throws Exception {
    drain();
    return log
        .log()
        .verify(VerificationOptions.of(KeyRing.of(List.of())).since(row + 1))
        .findings()
        .stream()
        .filter(each -> each.check().equals(Finding.APPROVALS))
        .toList();
  }

  private List<String> faultsAfter(long row) throws Exception {
    return findingsAfter(row).stream().filter(Finding::isFault).map(Finding::message).toList();
  }

  /** A gate whose ledger other hosts share records the use of an approval before its decision. */
  @Test
  void decisionOfAnotherUseIsFound() throws Exception {
    String approval = forge(answer(request.subject(), request.id(), soon()));
    assertThat(use(approval, UUID.randomUUID().toString())).isTrue();
    assertThat(use(approval, UUID.randomUUID().toString())).isFalse();
    assertThat(faults()).isEmpty();

    permit(approval);
    assertThat(faults()).singleElement().asString().contains("and was used for event");
  }

  private boolean use(String approval, String event) throws Exception {
    DataDirectory.SigningKeys keys = data.signingKeys();
    try (LedgerReader reader = log.log().reader();
        ApprovalEvents events =
            new ApprovalEvents(
                SqliteWriter.open(data.database()),
                data.checkpointFile(),
                keys.signer(),
                keys.accepted())) {
      return events.use(
          new ApprovalUse(approval, event), reader.row(approval).orElseThrow(), () -> true);
    }
  }

  /** Appends the use of an approval, whether or not it was used before. */
  private void forceUse(String approval) throws Exception {
    DataDirectory.SigningKeys keys = data.signingKeys();
    try (LedgerReader reader = log.log().reader();
        ApprovalEvents events =
            new ApprovalEvents(
                SqliteWriter.open(data.database()),
                data.checkpointFile(),
                keys.signer(),
                keys.accepted())) {
      events.append(
          new ApprovalUse(approval, UUID.randomUUID().toString()).toEvent(),
          answer(request.subject(), UUID.randomUUID().toString(), soon()),
          reader.lastRow().orElseThrow());
    }
  }

  @Test
  void useOfADenialIsFound() throws Exception {
    permit(
        forge(
            new ApprovalNote(
                request.id(),
                request.subject(),
                false,
                Optional.empty(),
                "no",
                "key:carol",
                Optional.empty())));

    assertThat(faults()).singleElement().asString().contains("a denial or had expired");
  }

  @Test
  void answerWithoutItsRequestIsFound() throws Exception {
    forge(answer(request.subject(), UUID.randomUUID().toString(), soon()));

    assertThat(faults()).singleElement().asString().contains("which is not in a row before it");
  }

  @Test
  void answerToAnotherActionIsFound() throws Exception {
    ApprovalSubject other =
        new ApprovalSubject(
            AGENT, Optional.empty(), request.subject().policy(), "sha256:" + "0".repeat(64));
    forge(answer(other, request.id(), soon()));

    assertThat(faults()).singleElement().asString().contains("it states another action");
  }

  @Test
  void answerToADecisionThatPermitsIsFound() throws Exception {
    RecordedDecision allowed = log.gate().record(AGENT, new Bash("true"));
    drain();
    forge(answer(request.subject(), allowed.eventId().orElseThrow().toString(), soon()));

    assertThat(faults()).singleElement().asString().contains("which is no escalation");
  }

  @Test
  void noteOfAStrangerIsFound() throws Exception {
    Instant expires = soon();
    ApprovalStatement statement =
        new ApprovalStatement(
            request.origin(),
            request.id(),
            request.subject(),
            true,
            Optional.of(expires),
            "planned");
    NoteSigner stranger = NoteSigner.of("bob", SigningKey.generate());
    String note = SignedNote.sign(statement.text(), List.of(stranger)).toString();
    forge(ApprovalNote.of(statement, "bob", Optional.of(note)));

    assertThat(faults())
        .singleElement()
        .asString()
        .contains("the note is not signed by an approver of the policy");
  }

  /** Whoever can write to a journal can record a known policy with an approver of their own. */
  @Test
  void forgedListOfApproversIsFound() throws Exception {
    NoteSigner mallory = NoteSigner.of("mallory", SigningKey.generate());
    PolicyText genuine = log.policy().text().orElseThrow();
    log.queue()
        .submit(
            genuine
                .withApprovers(List.of(mallory.verifierKey().vkey()))
                .toEvent(Clock.systemUTC()));
    drain();
    Approver stranger = new Approver.Key(mallory);

    assertThatExceptionOfType(ApprovalException.class)
        .isThrownBy(
            () ->
                log.approvals()
                    .grant(request.id(), stranger, Approvals.DEFAULT_VALIDITY, "please"));
    log.approvals()
        .grant(request.id(), new Approver.Key(BOB), Approvals.DEFAULT_VALIDITY, "planned");
    assertThat(log.gate().check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    assertThat(faults())
        .singleElement()
        .asString()
        .contains("has other approvers here than in row ");
  }

  /** A journal can be written to without the audit key. */
  @Test
  void answerThroughAQueueBecomesADeadLetter() throws Exception {
    log.queue().submit(answer(request.subject(), request.id(), soon()).toEvent());
    drain();

    List<DeadLetter> letters = new ArrayList<>();
    try (LedgerReader reader = log.log().reader()) {
      reader.forEachDeadLetter(letters::add);
    }
    assertThat(letters)
        .singleElement()
        .satisfies(each -> assertThat(each.eventType()).isEqualTo(SystemEvent.APPROVAL_GRANTED));
    assertThat(log.gate().check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
  }

  @Test
  void policyWithApproversIsRecordedOnce() throws Exception {
    for (int i = 0; i < 2; i++) {
      log.closeAndFlush(LIMIT);
      open();
      log.gate().check(AGENT, DEPLOY);
      drain();
    }

    List<Long> loaded = new ArrayList<>();
    try (LedgerReader reader = log.log().reader()) {
      reader.forEachRow(
          RowQuery.ofType(SystemEvent.POLICY_LOADED), row -> loaded.add(row.sequence()));
    }
    assertThat(loaded).hasSize(1);
  }
}
