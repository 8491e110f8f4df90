// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.indelible.ApprovalException.Reason;
import dev.indelible.Approvals.Approver;
import dev.indelible.Approvals.Request;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.ToolCall;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.directory.ApprovalFiles;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.gate.ApprovalStore;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.gate.ToolDescriptor;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.policy.Agent;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Approvals: what they permit, and everything that they do not. */
class ApprovalsTest {
  private static final String AGENT = "agent:alice";
  private static final Bash DEPLOY = new Bash("make deploy");
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration VALIDITY = Approvals.DEFAULT_VALIDITY;
  private static final NoteSigner BOB = NoteSigner.of("bob", SigningKey.generate());
  private static final NoteSigner MALLORY = NoteSigner.of("mallory", SigningKey.generate());
  private static final Approver KEY = new Approver.Key(BOB);
  private static final Approver CREDENTIAL = new Approver.Credential("key:carol", Optional.empty());

  @TempDir Path root;
  private Path data;
  private Indelible log;

  @BeforeEach
  void open() throws Exception {
    data = root.resolve("data");
    writePolicy("deployments wait for a person");
    log = Indelible.builder(data).shutdownHook(false).watchPolicy(false).open();
  }

  @AfterEach
  void close() {
    log.closeAndFlush(LIMIT);
  }

  private void writePolicy(String reason) throws IOException {
    Files.createDirectories(data.resolve("policy"));
    Files.writeString(
        data.resolve("policy/rules.yaml"),
        """
        version: 1
        approvers: ["%s"]
        rules:
          - id: ask
            severity: escalate
            reason: %s
            when: {command: make}
          - id: ask-tool
            severity: escalate
            reason: a tool waits for a person
            when: {tool: "*"}
          - id: never
            severity: refuse
            reason: no disk is overwritten
            when: {command: dd}
        """
            .formatted(BOB.verifierKey().vkey(), reason));
  }

  private Decision check(String agent, AgentAction action) {
    return log.gate().check(agent, action);
  }

  /** Lets the gate escalate an action, and returns the id of the event in the chain. */
  private String escalate(Agent agent, AgentAction action) {
    RecordedDecision decided = log.gate().record(agent, action);
    assertThat(decided.decision()).isInstanceOf(Escalate.class);
    drain();
    return decided.eventId().orElseThrow().toString();
  }

  private String escalate() {
    return escalate(Agent.claimed(AGENT), DEPLOY);
  }

  private void drain() {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
  }

  private Resolution grant(String request) throws Exception {
    return log.approvals().grant(request, KEY, VALIDITY, "the release is planned");
  }

  private void assertRefused(Reason reason, Callable<?> answer) {
    long rows = rows();
    assertThatExceptionOfType(ApprovalException.class)
        .isThrownBy(answer::call)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
    assertThat(rows()).as("nothing is recorded").isEqualTo(rows);
    assertThat(granted()).as("nothing is offered to the gates").isEmpty();
  }

  private long rows() {
    try (LedgerReader reader = log.log().reader()) {
      return reader.size();
    } catch (LedgerException e) {
      throw new IllegalStateException(e);
    }
  }

  private ApprovalFiles files() {
    return new DataDirectory(data).approvals();
  }

  private List<Path> granted() {
    Path granted = data.resolve("approvals/granted");
    try (Stream<Path> files = Files.exists(granted) ? Files.list(granted) : Stream.empty()) {
      return files.toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void assertSound() throws Exception {
    drain();
    VerificationReport report = log.log().verify();
    assertThat(report.findings().stream().filter(Finding::isFault)).isEmpty();
  }

  private List<String> approvalFaults() throws Exception {
    drain();
    return log.log().verify().findings().stream()
        .filter(each -> each.isFault() && each.check().equals(Finding.APPROVALS))
        .map(Finding::message)
        .toList();
  }

  @Test
  void approvedActionIsPermittedOnce() throws Exception {
    String request = escalate();
    Resolution answer = grant(request);

    RecordedDecision retry = log.gate().record(AGENT, DEPLOY);

    assertThat(retry.decision())
        .isEqualTo(new Warn("ask", "approved by bob: the release is planned"));
    drain();
    ChainRow row;
    try (LedgerReader reader = log.log().reader()) {
      row = reader.row(retry.eventId().orElseThrow().toString()).orElseThrow();
    }
    assertThat(new String(row.payload().orElseThrow(), StandardCharsets.UTF_8))
        .contains("\"approval\":\"" + answer.id() + "\"")
        .contains("\"v\":2");
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    assertSound();
    assertThat(log.log().verify().findings())
        .anySatisfy(
            each -> {
              assertThat(each.check()).isEqualTo(Finding.APPROVALS);
              assertThat(each.message())
                  .isEqualTo("1 answer to escalations, 1 action permitted by an approval");
            });
    assertThat(log.approvals().request(request).state()).isEqualTo(State.USED);
  }

  @Test
  void credentialApproves() throws Exception {
    Resolution answer =
        log.approvals().grant(escalate(), CREDENTIAL, VALIDITY, "the release is planned");

    assertThat(answer.isSigned()).isFalse();
    assertThat(check(AGENT, DEPLOY).reason())
        .contains("approved by key:carol: the release is planned");
    assertSound();
  }

  @Test
  void noteSignedElsewhereApproves() throws Exception {
    String request = escalate();
    String text =
        log.approvals().request(request).approvalText(Instant.now().plus(VALIDITY), "planned");

    log.approvals().resolve(request, SignedNote.sign(text, List.of(BOB)));

    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    assertSound();
  }

  @Test
  void hookUsesAnApproval() throws Exception {
    grant(escalate());

    assertThat(log.gate().preActionHook().beforeAction(AGENT, DEPLOY)).isInstanceOf(Warn.class);

    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    assertSound();
  }

  @Test
  void explanationUsesNoApproval() throws Exception {
    grant(escalate());

    assertThat(log.gate().explain(Agent.claimed(AGENT), DEPLOY).decision())
        .isInstanceOf(Escalate.class);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void decisionOfOthersUsesNoApproval() throws Exception {
    grant(escalate());

    assertThat(log.gate().record(AGENT, DEPLOY, new Escalate("theirs", "ask")).decision())
        .isInstanceOf(Escalate.class);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void oneByteMoreIsNotApproved() throws Exception {
    grant(escalate());

    assertThat(check(AGENT, new Bash("make deploy "))).isInstanceOf(Escalate.class);
    assertThat(check(AGENT, new Bash("make deploY"))).isInstanceOf(Escalate.class);
    assertThat(check(AGENT, new Bash("make deploy", Optional.of("/srv"))))
        .isInstanceOf(Escalate.class);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void otherAgentIsNotApproved() throws Exception {
    grant(escalate());

    assertThat(check("agent:eve", DEPLOY)).isInstanceOf(Escalate.class);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void otherPrincipalIsNotApproved() throws Exception {
    Agent asking = Agent.claimed(AGENT).withPrincipal(Optional.of("key:ci"));
    grant(escalate(asking, DEPLOY));

    assertThat(log.gate().record(AGENT, DEPLOY).decision().reason().orElseThrow())
        .contains("an approval cannot be used: it is for another action, agent, principal");
    Agent other = Agent.claimed(AGENT).withPrincipal(Optional.of("key:other"));
    assertThat(log.gate().record(other, DEPLOY).decision()).isInstanceOf(Escalate.class);
    assertThat(log.gate().record(asking, DEPLOY).decision()).isInstanceOf(Warn.class);
    assertSound();
  }

  @Test
  void expiredApprovalPermitsNothing() throws Exception {
    String request = escalate();
    Resolution answer = log.approvals().grant(request, KEY, Duration.ofMillis(1), "for a moment");
    await().until(() -> Instant.now().isAfter(answer.expires().orElseThrow()));

    assertThat(check(AGENT, DEPLOY).reason().orElseThrow())
        .contains("an approval cannot be used: it expired at ");
    assertThat(log.approvals().request(request).state()).isEqualTo(State.EXPIRED);
  }

  @Test
  void approvalEndsWithItsPolicy() throws Exception {
    String request = escalate();
    grant(request);
    writePolicy("deployments wait for two people");
    log.reloadPolicy();

    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    assertThat(log.approvals().request(request).state()).isEqualTo(State.OUTDATED);
  }

  @Test
  void requestOfAnotherPolicyIsNotApproved() throws Exception {
    String request = escalate();
    writePolicy("deployments wait for two people");
    log.reloadPolicy();
    drain();

    assertRefused(Reason.OTHER_POLICY, () -> grant(request));
    assertThat(log.approvals().pending()).isEmpty();
  }

  @Test
  void agentDoesNotApproveItsOwnRequest() throws Exception {
    Agent asking = Agent.claimed("dave").withPrincipal(Optional.of("key:ci"));
    String request = escalate(asking, DEPLOY);

    for (Approver own :
        List.of(
            new Approver.Credential("key:ci", Optional.empty()),
            new Approver.Credential("key:second", Optional.of("dave")),
            new Approver.Credential("dave", Optional.empty()))) {
      assertRefused(
          Reason.OWN_REQUEST, () -> log.approvals().grant(request, own, VALIDITY, "please"));
      assertRefused(Reason.OWN_REQUEST, () -> log.approvals().deny(request, own, "no"));
    }
  }

  @Test
  void keyOfTheAgentsNameDoesNotApprove() throws Exception {
    String request = escalate(Agent.claimed("bob"), DEPLOY);

    assertRefused(Reason.OWN_REQUEST, () -> grant(request));
  }

  @Test
  void keyThatThePolicyDoesNotNameApprovesNothing() throws Exception {
    String request = escalate();
    Approver stranger = new Approver.Key(MALLORY);
    Approver impostor = new Approver.Key(NoteSigner.of("bob", SigningKey.generate()));

    assertRefused(
        Reason.NOT_AN_APPROVER, () -> log.approvals().grant(request, stranger, VALIDITY, "please"));
    assertRefused(
        Reason.BAD_NOTE, () -> log.approvals().grant(request, impostor, VALIDITY, "please"));
  }

  @Test
  void alteredNoteApprovesNothing() throws Exception {
    String request = escalate();
    Request found = log.approvals().request(request);
    String text = found.approvalText(Instant.now().plus(VALIDITY), "planned");

    List<UnaryOperator<String>> changes =
        List.of(
            words -> words.replace("planned", "Planned"),
            words -> words.replace("approve", "Approve"),
            words -> words.replace("\n{", "\n {"),
            words -> words + "more\n",
            words -> "x" + words);
    for (UnaryOperator<String> change : changes) {
      // The signature is that of the unchanged text.
      SignedNote note =
          new SignedNote(change.apply(text), SignedNote.sign(text, List.of(BOB)).signatures());
      assertRefused(Reason.BAD_NOTE, () -> log.approvals().resolve(request, note));
    }
  }

  @Test
  void noteAboutSomethingElseApprovesNothing() throws Exception {
    String request = escalate();
    Request found = log.approvals().request(request);
    String text = found.approvalText(Instant.now().plus(VALIDITY), "planned");

    List<UnaryOperator<String>> changes =
        List.of(
            words -> words.replace(found.origin(), "another.example/log"),
            words -> words.replace(AGENT, "agent:eve"),
            words -> words.replace(found.subject().policy(), "sha256:" + "0".repeat(64)),
            words -> words.replace(found.subject().actionDigest(), "sha256:" + "0".repeat(64)),
            words -> words.replace("\"principal\"", "\"principals\""),
            words -> words.replace(request, "0198c7e2-0000-7000-8000-000000000001"));
    for (UnaryOperator<String> change : changes) {
      SignedNote note = SignedNote.sign(change.apply(text), List.of(BOB));
      if (!note.text().equals(text)) {
        assertRefused(Reason.BAD_NOTE, () -> log.approvals().resolve(request, note));
      }
    }
  }

  /** The text of a signature that nobody checks would stay in the chain. */
  @Test
  void noteWithAnotherSignatureApprovesNothing() throws Exception {
    String request = escalate();
    String text =
        log.approvals().request(request).approvalText(Instant.now().plusSeconds(600), "planned");
    SignedNote note = SignedNote.sign(text, List.of(BOB, MALLORY));

    assertRefused(Reason.BAD_NOTE, () -> log.approvals().resolve(request, note));
  }

  @Test
  void replayedNoteApprovesNothing() throws Exception {
    String first = escalate();
    String text =
        log.approvals().request(first).approvalText(Instant.now().plus(VALIDITY), "planned");
    SignedNote note = SignedNote.sign(text, List.of(BOB));
    log.approvals().resolve(first, note);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    String second = escalate();

    assertRefused(Reason.ALREADY_RESOLVED, () -> log.approvals().resolve(first, note));
    assertRefused(Reason.BAD_NOTE, () -> log.approvals().resolve(second, note));
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
  }

  @Test
  void noteWithABadTimeApprovesNothing() throws Exception {
    String request = escalate();
    Request found = log.approvals().request(request);
    for (Duration validity : List.of(Duration.ofSeconds(-1), Duration.ofHours(25))) {
      String text = found.approvalText(Instant.now().plus(validity), "planned");
      SignedNote note = SignedNote.sign(text, List.of(BOB));
      assertRefused(Reason.BAD_VALIDITY, () -> log.approvals().resolve(request, note));
    }
    for (Duration validity :
        List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofSeconds(Long.MAX_VALUE))) {
      assertRefused(
          Reason.BAD_VALIDITY, () -> log.approvals().grant(request, KEY, validity, "planned"));
    }
  }

  @Test
  void reasonIsRequired() throws Exception {
    String request = escalate();
    for (String reason : List.of("", " ", "a\nb", "x".repeat(2_000), "\u202e")) {
      assertRefused(Reason.BAD_REASON, () -> log.approvals().grant(request, KEY, VALIDITY, reason));
    }
  }

  @Test
  void reasonWithASecretIsRefused() throws Exception {
    String request = escalate();
    String reason = "the token is ghp_" + "0a1B2c3D4e5F6g7H8i9J".repeat(2).substring(0, 36);
    assertRefused(Reason.BAD_REASON, () -> log.approvals().grant(request, KEY, VALIDITY, reason));
    assertRefused(Reason.BAD_REASON, () -> log.approvals().deny(request, CREDENTIAL, reason));
  }

  @Test
  void refusalIsNeverApproved() throws Exception {
    RecordedDecision refused = log.gate().record(AGENT, new Bash("dd if=/dev/zero of=/dev/sda"));
    assertThat(refused.decision()).isInstanceOf(Refuse.class);
    drain();

    assertRefused(
        Reason.NOT_AN_ESCALATION, () -> grant(refused.eventId().orElseThrow().toString()));
  }

  /** The database exists, and the first event still waits in the journal. */
  @Test
  void requestBeforeTheFirstRowIsUnknown() throws Exception {
    Path other = Files.createDirectory(root.resolve("other"));
    Files.createFile(other.resolve("indelible.db"));
    Approvals approvals = new AuditLog(other).approvals();

    assertThatExceptionOfType(ApprovalException.class)
        .isThrownBy(() -> approvals.request("0198c7e2"))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_REQUEST));
  }

  @Test
  void allowedOrUnknownEventIsNotApproved() throws Exception {
    RecordedDecision allowed = log.gate().record(AGENT, new Bash("true"));
    drain();

    assertRefused(
        Reason.NOT_AN_ESCALATION, () -> grant(allowed.eventId().orElseThrow().toString()));
    assertRefused(Reason.UNKNOWN_REQUEST, () -> grant("0198c7e2-0000-7000-8000-000000000001"));
    assertRefused(Reason.UNKNOWN_REQUEST, () -> grant("../../etc/passwd"));
  }

  @Test
  void erasedEventIsNotApproved() throws Exception {
    String request = escalate();
    log.log().erase(request, "a secret", "carol");

    assertRefused(Reason.ERASED, () -> grant(request));
  }

  @Test
  void stubIsNotApproved() throws Exception {
    Bash large = new Bash("make " + "x".repeat(2 << 20));
    String request = escalate(Agent.claimed(AGENT), large);
    // More than the redactor reads, so that it leaves a stub.
    String unredacted = escalate(Agent.claimed(AGENT), new Bash("make " + "x".repeat(5 << 20)));

    assertRefused(Reason.NOT_IDENTIFIED, () -> grant(request));
    assertRefused(Reason.NOT_IDENTIFIED, () -> grant(unredacted));
    assertThat(log.approvals().pending()).isEmpty();
  }

  @Test
  void requestIsAnsweredOnce() throws Exception {
    String request = escalate();
    log.approvals().deny(request, KEY, "not today");

    assertRefused(Reason.ALREADY_RESOLVED, () -> grant(request));
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    assertThat(log.approvals().request(request).state()).isEqualTo(State.DENIED);
    grant(escalate());
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    assertSound();
  }

  @Test
  void ofManyAnswersAtOnceOneIsRecorded() throws Exception {
    String request = escalate();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<Resolution>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(threads.submit(() -> grant(request)));
    }
    int given = 0;
    for (Future<Resolution> answer : answers) {
      try {
        answer.get();
        given++;
      } catch (ExecutionException e) {
        assertThat(e.getCause())
            .isInstanceOfSatisfying(
                ApprovalException.class,
                refused -> assertThat(refused.reason()).isEqualTo(Reason.ALREADY_RESOLVED));
      }
    }
    threads.shutdown();
    assertThat(given).isEqualTo(1);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    assertSound();
  }

  /** The file of the use is gone, so the gate permits a second time, and the verifier finds it. */
  @Test
  void verifierFindsASecondUse() throws Exception {
    Resolution answer = grant(escalate());
    Path offered = granted().get(0);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    Files.delete(data.resolve("approvals/used").resolve(answer.id()));
    Files.createFile(offered);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);

    assertThat(approvalFaults())
        .singleElement()
        .asString()
        .startsWith("approval " + answer.id() + " permits one action, and row ");
  }

  @Test
  void forgedFilePermitsNothing() throws Exception {
    String request = escalate();
    Resolution real = grant(request);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
    Bash other = new Bash("make world");
    String wanted = escalate(Agent.claimed(AGENT), other);
    ApprovalSubject subject = log.approvals().request(wanted).subject();

    for (String id : List.of(real.id(), request, "0198c7e2-0000-7000-8000-000000000001", "x")) {
      files().offer(subject, id);
      assertThat(check(AGENT, other).reason().orElseThrow())
          .contains("an approval cannot be used: ");
      files().withdraw(subject, id);
    }
    assertThat(check(AGENT, other).reason().orElseThrow()).doesNotContain("cannot be used");
  }

  @Test
  void alteredRowPermitsNothing() throws Exception {
    Resolution answer = grant(escalate());
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
        Statement ddl = connection.createStatement();
        PreparedStatement update =
            connection.prepareStatement(
                "UPDATE signed_events SET payload ="
                    + " replace(payload, 'planned', 'Planned') WHERE id = ?")) {
      ddl.execute("DROP TRIGGER IF EXISTS signed_events_no_update");
      update.setString(1, answer.id());
      assertThat(update.executeUpdate()).isEqualTo(1);
    }

    assertThat(check(AGENT, DEPLOY).reason().orElseThrow())
        .contains("an approval cannot be used: it does not verify: ");
  }

  @Test
  void markerInPlaceOfTheSecretIsNotApproved() throws Exception {
    Bash secret = new Bash("make deploy TOKEN=ghp_" + "Zq7xKv90aB".repeat(4).substring(0, 36));
    Bash otherSecret = new Bash("make deploy TOKEN=ghp_" + "Yq7xKv90aB".repeat(4).substring(0, 36));
    String request = escalate(Agent.claimed(AGENT), secret);
    String payload =
        new String(
            log.approvals().request(request).row().payload().orElseThrow(), StandardCharsets.UTF_8);
    assertThat(payload).doesNotContain("ghp_");
    String recorded = JsonValue.parse(payload).tree().at("/action/command").asString();
    grant(request);

    assertThat(check(AGENT, new Bash(recorded))).isInstanceOf(Escalate.class);
    assertThat(check(AGENT, otherSecret)).isInstanceOf(Escalate.class);
    assertThat(check(AGENT, secret)).isInstanceOf(Warn.class);
    assertSound();
  }

  @Test
  void toolOfAnotherDescriptorIsNotApproved() throws Exception {
    ToolCall call = new ToolCall("deploy", JsonValue.parse("{}"));
    ToolDescriptor known = new ToolDescriptor(Optional.of("sha256:11"), Optional::empty);
    ToolDescriptor changed = new ToolDescriptor(Optional.of("sha256:22"), Optional::empty);
    Agent agent = Agent.claimed(AGENT);
    RecordedDecision asked = log.gate().recordCall(agent, call, known);
    drain();
    grant(asked.eventId().orElseThrow().toString());

    assertThat(log.gate().recordCall(agent, call, changed).decision()).isInstanceOf(Escalate.class);
    assertThat(log.gate().record(agent, call).decision()).isInstanceOf(Escalate.class);
    assertThat(log.gate().recordCall(agent, call, known).decision()).isInstanceOf(Warn.class);
  }

  /** A process that dies after the claim leaves the approval used up. */
  @Test
  void claimWithoutARecordIsUsedUp() throws Exception {
    Resolution answer = grant(escalate());
    Path offered = granted().get(0);
    ApprovalSubject subject = log.approvals().request(answer.request()).subject();
    assertThat(files().use(subject, answer.id(), "the process died here")).isTrue();
    // The process may also die before it removes this file.
    Files.createFile(offered);

    assertThat(check(AGENT, DEPLOY).reason().orElseThrow())
        .contains("an approval cannot be used: it was used before");
  }

  @Test
  void approvalBesideAUsedOnePermits() throws Exception {
    grant(escalate());
    Path unused = granted().get(0);
    Files.delete(unused);
    Resolution newer = grant(escalate());
    Path used = granted().get(0);
    ApprovalSubject subject = log.approvals().request(newer.request()).subject();
    assertThat(files().use(subject, newer.id(), "the process died here")).isTrue();
    Files.createFile(used);
    Files.createFile(unused);

    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void fileWithoutItsEventPermitsNothing() throws Exception {
    String request = escalate();
    // The process of the approver died between the two.
    files().offer(log.approvals().request(request).subject(), Request.class.getName());

    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Escalate.class);
    grant(request);
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void lostDirectoryPermitsNothing() throws Exception {
    grant(escalate());
    Files.delete(data.resolve("approvals/used"));

    assertThat(check(AGENT, DEPLOY).reason().orElseThrow())
        .contains("an approval cannot be used: its use is in doubt, so it may be used up: ")
        .contains("its file cannot be read or written: ");
  }

  @Test
  void slowLedgerPermitsNothing() throws Exception {
    Resolution answer = grant(escalate());
    ApprovalSubject subject = log.approvals().request(answer.request()).subject();
    List<Runnable> readings = new ArrayList<>();
    ApprovedActions waiting =
        new ApprovedActions(
            new DataDirectory(data),
            KeyRing.of(List.of()),
            new FiledApprovals(files()),
            Duration.ofMillis(1),
            readings::add);

    assertThat(claim(waiting, subject).problem().orElseThrow())
        .startsWith("the ledger did not answer within ");
    assertThat(readings).hasSize(1);
    readings.get(0).run();
    assertThat(files().isUsed(answer.id())).isFalse();
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  /** A store on a directory that has no ledger answers, so it has not looked for one. */
  @Test
  void actionWithoutAFileReadsNoLedger() throws Exception {
    ApprovalSubject subject = log.approvals().request(escalate()).subject();
    DataDirectory empty = new DataDirectory(root.resolve("empty"));
    ApprovedActions store =
        new ApprovedActions(empty, KeyRing.of(List.of()), new FiledApprovals(empty.approvals()));

    assertThat(claim(store, subject)).isEqualTo(ApprovalStore.Claim.NONE);
    Files.createDirectory(empty.path());
    empty.approvals().offer(subject, "0198c7e2-0000-7000-8000-000000000001");
    assertThat(claim(store, subject).problem()).isPresent();
  }

  private static ApprovalStore.Claim claim(ApprovalStore store, ApprovalSubject subject) {
    return store.claim(new ApprovalStore.Attempt(subject, "event", Instant.now(), List.of()));
  }

  @Test
  void ofManyProcessesOneGetsTheApproval() throws Exception {
    grant(escalate());
    Path start = root.resolve("start");
    List<ChildJvm> children = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      children.add(
          ChildJvm.running(Retrying.class)
              .errorsTo(root.resolve("errors"))
              .start(data, start, AGENT, DEPLOY.command()));
    }
    for (ChildJvm child : children) {
      assertThat(child.readLine()).isEqualTo("ready");
    }
    Files.createFile(start);
    List<String> verdicts = new ArrayList<>();
    for (ChildJvm child : children) {
      verdicts.add(child.readLine());
      child.kill();
    }

    assertThat(verdicts).containsOnlyOnce("warn").containsOnly("warn", "escalate");
    assertSound();
  }

  /** A child process that asks for an action once its start file exists. */
  static final class Retrying {
    private Retrying() {}

    public static void main(String[] args) throws Exception {
      try (Indelible indelible = Indelible.open(Path.of(args[0]))) {
        // Loads the classes, so that all processes claim at about the same time.
        indelible.approvals().pending();
        System.out.println("ready");
        while (!Files.exists(Path.of(args[1]))) {
          Thread.onSpinWait();
        }
        String verdict = indelible.gate().check(args[2], new Bash(args[3])).verdict();
        indelible.queue().drainPending(LIMIT);
        System.out.println(verdict);
        System.out.flush();
        System.in.read();
      }
    }
  }

  @Test
  void repeatedQuestionIsOneRequest() throws Exception {
    String first = escalate();
    String second = escalate();
    escalate(Agent.claimed("agent:eve"), DEPLOY);

    assertThat(log.approvals().pending()).hasSize(2);
    Request pending =
        log.approvals().pending().stream()
            .filter(each -> each.subject().agentId().equals(AGENT))
            .findFirst()
            .orElseThrow();
    assertThat(pending.id()).isEqualTo(second);
    assertThat(pending.timesAsked()).isEqualTo(2);
    assertThat(log.approvals().recent(pending)).extracting(ChainRow::id).containsExactly(first);

    grant(first);
    assertThat(log.approvals().request(second).state()).isEqualTo(State.GRANTED);
    assertThat(log.approvals().pending()).hasSize(1);
  }

  /** An agent decides how many requests there are and how long they are; the list stays bounded. */
  @Test
  void longRequestsAreLeftOutOfTheList() throws Exception {
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      requests.add(
          escalate(Agent.claimed(AGENT), new Bash("make " + i + " " + "x".repeat(900_000))));
    }

    List<Request> listed = log.approvals().pending();
    assertThat(listed).hasSizeLessThan(requests.size());
    assertThat(allPending().more()).isTrue();
    assertThat(listed.get(0).id()).isEqualTo(requests.get(requests.size() - 1));
    assertThat(log.approvals().request(requests.get(0)).state()).isEqualTo(State.PENDING);
  }

  private Approvals.Listed allPending() throws Exception {
    return log.approvals().list(VALIDITY, Set.of(State.PENDING), Approvals.MAX_LISTED);
  }

  /** An agent that asks without end hides earlier requests, and the list states that. */
  @Test
  @Tag("full")
  void escalationsThatAreNotReadAreStated() throws Exception {
    log.gate().record(AGENT, new Bash("make first"));
    for (int i = 0; i < 9_999; i++) {
      log.gate().record(AGENT, DEPLOY);
    }
    drain();
    assertThat(allPending().requests()).hasSize(2);
    assertThat(allPending().more()).isFalse();

    log.gate().record(AGENT, DEPLOY);
    drain();
    assertThat(allPending().requests()).hasSize(1);
    assertThat(allPending().more()).isTrue();
  }

  /** More approvals of one action than are read: the newest ones count. */
  @Test
  void newestApprovalIsFound() throws Exception {
    String request = escalate();
    ApprovalSubject subject = log.approvals().request(request).subject();
    for (int i = 10; i < 40; i++) {
      files().offer(subject, "00000000-0000-7000-8000-0000000000" + i);
    }
    Resolution answer = grant(request);

    assertThat(files().offered(subject)).hasSizeLessThan(30).startsWith(answer.id());
    assertThat(check(AGENT, DEPLOY)).isInstanceOf(Warn.class);
  }

  @Test
  void approvalFromTheFutureIsNotUsed() throws Exception {
    String request = escalate();
    ApprovalSubject subject = log.approvals().request(request).subject();
    grant(request);

    ApprovalStore store =
        new ApprovedActions(
            new DataDirectory(data), KeyRing.of(List.of()), new FiledApprovals(files()));
    ApprovalStore.Claim claim =
        store.claim(
            new ApprovalStore.Attempt(
                subject,
                "event",
                Instant.now().minus(Duration.ofHours(1)),
                List.of(BOB.verifierKey().vkey())));
    assertThat(claim.approval()).isEmpty();
    assertThat(claim.problem().orElseThrow()).contains("the clock");
  }

  @Test
  void filesAreForTheOwnerOnly() throws Exception {
    grant(escalate());

    for (Path path :
        List.of(
            data.resolve("approvals"),
            data.resolve("approvals/granted"),
            data.resolve("approvals/used"),
            granted().get(0))) {
      assertThat(Files.getPosixFilePermissions(path))
          .allMatch(each -> each.name().startsWith("OWNER"));
    }
  }

  @Test
  void oldFilesAreRemoved() throws Exception {
    Resolution answer = grant(escalate());
    Path offered = granted().get(0);
    check(AGENT, DEPLOY);
    Path used = data.resolve("approvals/used").resolve(answer.id());
    Path stale = Files.createFile(offered);
    for (Path file : List.of(used, stale)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(47))));
    }
    grant(escalate(Agent.claimed("agent:eve"), DEPLOY));
    assertThat(used).exists();
    for (Path file : List.of(used, stale)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(49))));
    }
    grant(escalate(Agent.claimed("agent:mike"), DEPLOY));
    assertThat(used).doesNotExist();
    assertThat(stale).doesNotExist();
  }
}
