// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.append.BatchAppend;
import dev.indelible.append.ChainEnd;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.RowSealer;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.HealthCheck;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Recorded;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.RowQuery;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.OperatorKey;
import dev.indelible.note.PolicySignatureException;
import dev.indelible.note.RowCheck;
import dev.indelible.policy.Agent;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log with an operator's key: which policy comes into force, and what the chain proves. */
class OperatorTest {
  private static final String BASE = "version: 1\nrules: []\n";
  private static final String REFUSES =
      """
      version: 1
      rules:
        - id: R1
          severity: refuse
          reason: nothing is listed
          when: {command: ls}
      """;
  private static final Bash ACTION = new Bash("ls");

  /** The number of the policy in force of most tests. */
  private static final long NUMBER = 5;

  @TempDir Path directory;

  private final Operator operator = Operator.named("ops");
  private DataDirectory data;
  private Path policy;
  private Path rules;
  private String origin = "";

  /** A log that was used before its operator's key is recorded. */
  @BeforeEach
  void createLog() throws Exception {
    data = new DataDirectory(directory.resolve("data"));
    policy = data.policy();
    rules = policy.resolve("rules.yaml");
    Files.createDirectories(policy);
    Files.writeString(rules, BASE);
    decideOnce();
    origin = operator.trustedBy(data);
  }

  private void decideOnce() throws Exception {
    try (Indelible log = Indelible.open(data.path())) {
      log.gate().check("agent:a", ACTION);
    }
  }

  private Indelible openUnwatched() throws Exception {
    return Indelible.builder(data.path()).watchPolicy(false).open();
  }

  /** Puts a signed policy into the directory. */
  private void writeSigned(String yaml, long number) throws Exception {
    Files.writeString(rules, yaml);
    operator.sign(policy, origin, number);
  }

  private static boolean isPermitted(Indelible log) {
    return log.gate().check("agent:a", ACTION).isPermitted();
  }

  @Test
  void signedPolicyComesIntoForce() throws Exception {
    try (Indelible log = openUnwatched()) {
      assertThat(isPermitted(log)).isTrue();
      writeSigned(REFUSES, NUMBER);

      log.reloadPolicy();

      assertThat(isPermitted(log)).isFalse();
      assertThat(log.health().isWell()).isTrue();
    }
    Recorded loaded = loads().get(1);
    assertThat(loaded.digest()).isEqualTo(RulePolicy.load(policy).digest());
    assertThat(loaded.signature().map(Signature::number)).contains(NUMBER);
    assertThat(loaded.signature().map(Signature::note))
        .contains(Files.readString(policy.resolve("policy.sig")));
    assertThat(findings(Verdict.INTACT))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.status()).isEqualTo(Status.OK);
              assertThat(finding.message()).contains("the last with number " + NUMBER);
            });
    // A start under the policy on record does not record it again.
    decideOnce();
    assertThat(loads()).hasSize(2);
  }

  @Test
  void policyInForceIsAcceptedUnsigned() throws Exception {
    decideOnce();
    assertThat(loads()).hasSize(1);
    assertThat(data.path().resolve("keys/operator.vkey"))
        .hasContent(operator.key() + "\n" + origin + "\n");
    assertThat(findings(Verdict.INTACT)).extracting(Finding::status).containsExactly(Status.OK);
  }

  @Test
  void policySignedAgainIsRecordedAgain() throws Exception {
    writeSigned(REFUSES, NUMBER);
    try (Indelible log = openUnwatched()) {
      isPermitted(log);
      operator.sign(policy, origin, NUMBER + 1);
      log.reloadPolicy();
      log.reloadPolicy();
    }
    assertThat(loads().stream().skip(1).map(each -> each.signature().orElseThrow().number()))
        .containsExactly(NUMBER, NUMBER + 1);
  }

  /** Changes of the policy's directory after which its policy may not come into force. */
  enum Bad {
    SIGNED_BY_ANOTHER_KEY("did not sign it"),
    SIGNED_BY_A_NAMESAKE("did not sign it"),
    LOWER_NUMBER("its number is 4, and number 5 was in force"),
    EQUAL_NUMBER("its number 5 is already that of policy sha256:"),
    ONE_BYTE_CHANGED("the rules were changed after they were signed"),
    SIGNED_FOR_ANOTHER_LOG("it is signed for the log another.example/log"),
    UNSIGNED("it has no signature of the operator's key"),
    BASE_AGAIN("it has no signature of the operator's key"),
    SIGNATURE_IS_NO_NOTE("it is not a signed note"),
    SIGNATURE_OF_ANOTHER_STATEMENT("not about a policy"),
    SIGNATURE_IS_A_DIRECTORY("it has no signature of the operator's key"),
    DIRECTORY_DELETED("no such file"),
    RULES_DELETED("no *.yaml or *.yml file"),
    NOT_YAML("rules.yaml");

    private final String reason;

    Bad(String reason) {
      this.reason = reason;
    }
  }

  private void make(Bad bad) throws Exception {
    Path signature = policy.resolve("policy.sig");
    switch (bad) {
      case SIGNED_BY_ANOTHER_KEY -> {
        Files.writeString(rules, BASE + "# next\n");
        Operator.named("other").sign(policy, origin, NUMBER + 1);
      }
      case SIGNED_BY_A_NAMESAKE -> {
        Files.writeString(rules, BASE + "# next\n");
        Operator.named("ops").sign(policy, origin, NUMBER + 1);
      }
      case LOWER_NUMBER -> writeSigned(BASE + "# next\n", NUMBER - 1);
      case EQUAL_NUMBER -> writeSigned(BASE + "# next\n", NUMBER);
      case ONE_BYTE_CHANGED -> Files.writeString(rules, REFUSES.replace("R1", "R2"));
      case SIGNED_FOR_ANOTHER_LOG -> {
        Files.writeString(rules, BASE + "# next\n");
        operator.sign(policy, "another.example/log", NUMBER + 1);
      }
      case UNSIGNED -> {
        Files.writeString(rules, BASE + "# next\n");
        Files.delete(signature);
      }
      case BASE_AGAIN -> {
        Files.writeString(rules, BASE);
        Files.delete(signature);
      }
      case SIGNATURE_IS_NO_NOTE -> Files.writeString(signature, "yes\n");
      case SIGNATURE_OF_ANOTHER_STATEMENT ->
          Files.writeString(signature, operator.introduces(operator, origin));
      case SIGNATURE_IS_A_DIRECTORY -> {
        Files.delete(signature);
        Files.createDirectory(signature);
      }
      case DIRECTORY_DELETED -> delete(policy);
      case RULES_DELETED -> Files.delete(rules);
      case NOT_YAML -> Files.writeString(rules, "version: 1\nrules: [");
    }
  }

  @ParameterizedTest
  @EnumSource
  void badPolicyIsRefusedWhileRunning(Bad bad) throws Exception {
    writeSigned(REFUSES, NUMBER);
    try (Indelible log = openUnwatched()) {
      assertThat(isPermitted(log)).isFalse();
      String inForce = log.policy().digest();
      make(bad);

      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(log::reloadPolicy)
            .isInstanceOf(PolicyException.class)
            .hasMessageContaining(bad.reason);
      }

      assertThat(isPermitted(log)).isFalse();
      assertThat(log.policy().digest()).isEqualTo(inForce);
      assertThat(log.metrics().health().entry(HealthEntry.POLICY).orElseThrow().reason())
          .contains(bad.reason, inForce + " stays in force");

      delete(policy);
      Files.createDirectories(policy);
      writeSigned(BASE + "# repaired\n", NUMBER + 1);
      log.reloadPolicy();
      assertThat(isPermitted(log)).isTrue();
      assertThat(log.health().entry(HealthEntry.POLICY)).isEmpty();
    }
    assertThat(rejections()).singleElement().asString().contains(bad.reason);
    assertThat(loads()).hasSize(3);
    findings(Verdict.INTACT);
  }

  @ParameterizedTest
  @EnumSource
  void badPolicyIsNotInForceAfterAStart(Bad bad) throws Exception {
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    String inForce = RulePolicy.load(policy).digest();
    make(bad);

    assertThat(
            HealthCheck.of(data, Optional.empty()).entry(HealthEntry.POLICY).orElseThrow().reason())
        .contains(bad.reason);
    try (Indelible log = Indelible.open(data.path())) {
      assertThat(isPermitted(log)).isFalse();
      assertThat(log.policy().digest()).isEqualTo(inForce);
      assertThat(log.metrics().health().entry(HealthEntry.POLICY).orElseThrow().reason())
          .contains(bad.reason);
      // The watch tries again, and reports the same refusal.
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  log.metrics()
                      .health()
                      .entry(HealthEntry.POLICY)
                      .orElseThrow()
                      .reason()
                      .contains("stays in force"));
    }
    // The next start finds the refusal on record.
    decideOnce();
    assertThat(rejections()).singleElement().asString().contains(bad.reason);
    assertThat(loads()).hasSize(2);
    findings(Verdict.INTACT);
  }

  @Test
  void withoutAnyPolicyNothingIsRecorded() throws Exception {
    Path other = directory.resolve("other");
    Files.createDirectories(other.resolve("policy"));
    // Too long to be recorded, so the chain cannot replace it.
    for (String name : List.of("a.yaml", "b.yaml")) {
      Files.writeString(
          other.resolve("policy").resolve(name), BASE + "#" + " ".repeat(700_000) + "\n");
    }
    data = new DataDirectory(other);
    decideOnce();
    operator.trustedBy(data);
    decideOnce();
    int rows = rows().size();
    delete(other.resolve("policy"));

    assertThatThrownBy(() -> Indelible.open(other))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("no such file");
    assertThat(rows()).hasSize(rows);
  }

  @Test
  void policyOfTheProgramNeedsASignature() throws Exception {
    RulePolicy own = RulePolicy.parse(REFUSES, "own");
    int rows = rows().size();
    assertThatThrownBy(() -> Indelible.open(data.path(), own))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("it has no signature of the operator's key");
    assertThat(rows()).hasSize(rows);

    Policy textless = new Textless();
    try (Indelible log = openUnwatched()) {
      for (Policy each : List.of(own, textless)) {
        assertThatThrownBy(() -> log.gate().use(each)).isInstanceOf(PolicyException.class);
        assertThat(isPermitted(log)).isTrue();
      }
      log.gate().use(new Signed(own, operator.signs(own, origin, NUMBER)));
      assertThat(isPermitted(log)).isFalse();
    }
    assertThat(rejections()).hasSize(2);
    assertThat(rejections().get(1).toString()).contains("does not state its text");
    assertThat(loads().get(1).signature().map(Signature::number)).contains(NUMBER);
    findings(Verdict.INTACT);
  }

  /** A policy without text. */
  private static class Textless implements Policy {
    @Override
    public Decision decide(String agentId, AgentAction action) {
      return new Allow();
    }

    @Override
    public String digest() {
      return "sha256:" + "0".repeat(64);
    }
  }

  /** A policy of a program, with a signature that the program brings. */
  private record Signed(RulePolicy rules, String note) implements Policy {
    @Override
    public Decision decide(String agentId, AgentAction action) {
      return rules.decide(agentId, action);
    }

    @Override
    public ExplainedDecision explain(Agent agent, AgentAction action) {
      return rules.explain(agent, action);
    }

    @Override
    public String digest() {
      return rules.digest();
    }

    @Override
    public Optional<PolicyText> text() {
      return rules.text();
    }

    @Override
    public Optional<String> signature() {
      return Optional.of(note);
    }
  }

  @Test
  void anotherOperatorNeedsTheFirstOnesSignature() throws Exception {
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    Operator next = Operator.named("next");
    Operator stranger = Operator.named("stranger");
    for (Optional<String> signed :
        List.of(
            Optional.<String>empty(),
            Optional.of(stranger.introduces(next, origin)),
            Optional.of(operator.introduces(stranger, origin)),
            Optional.of(operator.introduces(next, "another.example/log")),
            Optional.of(operator.signs(RulePolicy.load(policy), origin, NUMBER)))) {
      assertThatThrownBy(() -> data.trustOperator(next.key(), signed))
          .isInstanceOf(PolicySignatureException.class);
    }
    assertThat(rejections()).hasSize(5);

    assertThat(
            data.trustOperator(next.key(), Optional.of(operator.introduces(next, origin))).next())
        .isEqualTo(NUMBER + 1);

    // The policy in force stays, although only the operator before signed it.
    Files.delete(policy.resolve("policy.sig"));
    try (Indelible log = openUnwatched()) {
      assertThat(isPermitted(log)).isFalse();
      writeSigned(BASE, NUMBER + 1);
      assertThatThrownBy(log::reloadPolicy).hasMessageContaining("did not sign it");
      next.sign(policy, origin, NUMBER + 1);
      log.reloadPolicy();
      assertThat(isPermitted(log)).isTrue();
    }
    findings(Verdict.INTACT);
  }

  /** Without a checkpoint, nobody would notice that the last row was removed. */
  @Test
  void checkpointOverTheRowHasBothSignatures() throws Exception {
    data.addMlDsa44();
    Operator next = Operator.named("next");
    data.trustOperator(next.key(), Optional.of(operator.introduces(next, origin)));

    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.lastCheckpoint().orElseThrow().size()).isEqualTo(ledger.size());
    }
    findings(Verdict.INTACT);
  }

  @Test
  void keyOfTheLogIsNoOperator() throws Exception {
    Operator auditor = new Operator(NoteSigner.of("ops", data.keys().read()));
    assertThatThrownBy(() -> data.trustOperator(auditor.key(), Optional.empty()))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("is a key of this log");
  }

  @Test
  void operatorIsRecordedOnce() throws Exception {
    int rows = rows().size();
    assertThat(data.trustOperator(operator.key(), Optional.empty()).recorded()).isFalse();
    assertThat(rows()).hasSize(rows);
  }

  /** A key that is recorded while the log is open counts from the next load on. */
  @Test
  void operatorCountsFromTheNextLoadOn() throws Exception {
    data = new DataDirectory(directory.resolve("second"));
    policy = data.policy();
    rules = policy.resolve("rules.yaml");
    Files.createDirectories(policy);
    Files.writeString(rules, BASE);
    try (Indelible log = openUnwatched()) {
      assertThat(isPermitted(log)).isTrue();
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      origin = operator.trustedBy(data);
      assertThat(isPermitted(log)).isTrue();

      Files.writeString(rules, REFUSES);
      assertThatThrownBy(log::reloadPolicy).hasMessageContaining("it has no signature");
      assertThat(isPermitted(log)).isTrue();

      operator.sign(policy, origin, 1);
      log.reloadPolicy();
      assertThat(isPermitted(log)).isFalse();
    }
    findings(Verdict.INTACT);
  }

  /** Only the writer of the chain records an operator's key; a queue does not supply one (D6). */
  @Test
  void operatorThroughTheQueueBecomesADeadLetter() throws Exception {
    SystemEvent forged =
        new OperatorKey(
                Operator.named("mallory").key(),
                origin,
                RulePolicy.load(policy).digest(),
                0,
                Optional.empty())
            .toEvent();
    try (Indelible log = openUnwatched()) {
      assertThat(log.queue().submit(forged)).isTrue();
    }
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.dlqSize()).isEqualTo(1);
      assertThat(ledger.size(SystemEvent.POLICY_OPERATOR)).isEqualTo(1);
    }
  }

  /** An operator's key that a holder of the log's key, or nobody, signed does not count. */
  @ParameterizedTest
  @EnumSource
  void forgedOperatorIsIgnored(Forger forger) throws Exception {
    Operator mallory = Operator.named("mallory");
    OperatorKey forged =
        new OperatorKey(
            mallory.key(), origin, RulePolicy.load(policy).digest(), 0, Optional.empty());
    plant(forger == Forger.WITH_THE_LOGS_KEY ? data.keys().read() : SigningKey.generate(), forged);
    Files.writeString(rules, REFUSES);
    mallory.sign(policy, origin, NUMBER);

    try (Indelible log = openUnwatched()) {
      assertThat(isPermitted(log)).isTrue();
      assertThat(log.metrics().health().entry(HealthEntry.POLICY)).isPresent();
    }
    assertThat(findings(Verdict.BROKEN))
        .anyMatch(
            finding ->
                finding.status() == Status.BROKEN && finding.message().contains("is ignored"));
  }

  /** Those who write a row of an operator's key. */
  enum Forger {
    WITH_THE_LOGS_KEY,
    WITH_ANOTHER_KEY
  }

  /** Writes a row to the database, as somebody with access to the file can. */
  private void plant(SigningKey key, OperatorKey forged) throws Exception {
    try (SqliteWriter writer = SqliteWriter.open(data.database())) {
      Head head = writer.lastRow().orElseThrow().head();
      ChainRow row = new RowSealer(key).seal(head, forged.toEvent());
      writer.begin();
      writer.insert(List.of(row));
      writer.commit();
    }
  }

  /** The row of the operator's key is changed, and only its file remains. */
  @Test
  void operatorOfTheFileCountsIfItsRowIsForged() throws Exception {
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.database());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DELETE FROM signed_events WHERE event_type = '" + SystemEvent.POLICY_OPERATOR + "'");
    }
    Files.writeString(rules, BASE + "# weaker\n");
    assertThatThrownBy(() -> Indelible.open(data.path()))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("the rules were changed after they were signed");
    findings(Verdict.BROKEN);
  }

  /** Without a key that verifies, nobody can tell which policy may come into force. */
  @Test
  void invalidRowOfTheOperatorAdmitsNoPolicy() throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.database());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE signed_events SET payload = NULL WHERE event_type = '"
              + SystemEvent.POLICY_OPERATOR
              + "'");
    }
    Files.delete(data.path().resolve("keys/operator.vkey"));

    assertThatThrownBy(() -> Indelible.open(data.path()))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("its row does not verify");
  }

  @Test
  void unreadableLedgerDemandsASignature() throws Exception {
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    Path away = Files.move(data.database(), directory.resolve("away"));
    Files.writeString(data.database(), "this is not a database\n".repeat(50));
    Files.writeString(rules, BASE + "# weaker\n");
    assertThatThrownBy(() -> Indelible.open(data.path()))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("the rules were changed after they were signed");

    // The number cannot be compared with those of the chain yet.
    writeSigned(BASE + "# older\n", NUMBER - 1);
    try (Indelible log = Indelible.open(data.path())) {
      assertThat(isPermitted(log)).isTrue();

      Files.move(away, data.database(), StandardCopyOption.REPLACE_EXISTING);

      await().atMost(Duration.ofMinutes(1)).until(() -> !isPermitted(log));
      assertThat(log.metrics().health().entry(HealthEntry.POLICY).orElseThrow().reason())
          .contains("it is older than the policy in force");
    }
    assertThat(rejections()).isNotEmpty();
  }

  @Test
  void movedRulesAreRecorded() throws Exception {
    String shadow = REFUSES.replace("    severity", "    mode: shadow\n    severity");
    for (String yaml : List.of(REFUSES, shadow, "mode: shadow\n" + REFUSES, REFUSES)) {
      writeSigned(yaml, NUMBER + loads().size());
      try (Indelible log = openUnwatched()) {
        assertThat(isPermitted(log)).isEqualTo(yaml.contains("shadow"));
      }
    }
    assertThat(rows().stream().map(ChainRow::eventType).filter(type -> type.startsWith("policy")))
        .containsExactly(
            SystemEvent.POLICY_LOADED,
            SystemEvent.POLICY_OPERATOR,
            SystemEvent.POLICY_LOADED,
            SystemEvent.POLICY_LOADED,
            SystemEvent.POLICY_MODE,
            SystemEvent.POLICY_LOADED,
            SystemEvent.POLICY_LOADED,
            SystemEvent.POLICY_MODE);
    assertThat(
            rows().stream()
                .flatMap(
                    row ->
                        row
                            .details(
                                SystemEvent.POLICY_MODE,
                                details ->
                                    details.strings("to_enforce")
                                        + " "
                                        + details.strings("to_shadow"))
                            .stream()))
        .containsExactly("[] [R1]", "[R1] []");
  }

  @Test
  void decisionUnderAnUnknownPolicyIsFound() throws Exception {
    String unknown = "sha256:" + "0".repeat(64);
    long row = append(decision(unknown, Duration.ofMinutes(2)));
    assertBroken(row, "it was decided under policy " + unknown + ", which was never loaded");
  }

  @Test
  void decisionUnderAReplacedPolicyIsFound() throws Exception {
    String before = RulePolicy.load(policy).digest();
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    append(decision(before, Duration.ofSeconds(10)));
    assertThat(findings(Verdict.INTACT)).extracting(Finding::status).containsExactly(Status.OK);

    long row = append(decision(before, Duration.ofMinutes(2)));
    assertBroken(
        row,
        "it was decided under policy %s, number 0, more than a minute after number 5 came into force"
            .formatted(before));
  }

  /** A gate that had no contact with the ledger could not know of the policy. */
  @Test
  void decisionWithoutContactIsNoted() throws Exception {
    String before = RulePolicy.load(policy).digest();
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    DeferredAuditEvent late = decision(before, Duration.ofMinutes(10));
    append(late.seen(Optional.of(PolicySeen.NEVER)));
    late = decision(before, Duration.ofMinutes(10));
    append(late.seen(Optional.of(PolicySeen.at(Instant.now().minusSeconds(20)))));
    assertThat(findings(Verdict.INTACT))
        .anyMatch(
            finding ->
                finding.status() == Status.UNKNOWN
                    && !finding.counts()
                    && finding.message().startsWith("2 rows from row"));

    DeferredAuditEvent knowing = decision(before, Duration.ofMinutes(10));
    Instant read = Instant.now().plus(Duration.ofMinutes(2));
    long row = append(knowing.seen(Optional.of(PolicySeen.at(read))));
    assertBroken(row, "more than a minute after number 5 came into force");
  }

  /** The row of a policy that came into force without contact may have waited in a journal. */
  @Test
  void policyWithoutContactReplacesNone() throws Exception {
    String before = RulePolicy.load(policy).digest();
    RulePolicy next = RulePolicy.parse(REFUSES, "next");
    PolicyText text =
        next.text()
            .orElseThrow()
            .withSignature(
                Optional.of(new Signature(NUMBER, operator.signs(next, origin, NUMBER))));
    Optional<String> never = Optional.of(PolicySeen.NEVER);
    append(text.toEvent(Clock.systemUTC(), never));
    append(decision(next.digest(), Duration.ofMinutes(1)).seen(never));
    append(decision(before, Duration.ofMinutes(5)));
    findings(Verdict.INTACT);
    append(text.toEvent(in(Duration.ofMinutes(5))));
    append(decision(before, Duration.ofMinutes(5)));
    findings(Verdict.INTACT);

    long row = append(decision(before, Duration.ofMinutes(7)));
    assertBroken(row, "more than a minute after number 5 came into force");
  }

  /** A gate without contact could not know of the operator's key either. */
  @Test
  void unsignedLoadWithoutContactIsNoted() throws Exception {
    RulePolicy other = RulePolicy.parse(BASE + "# other\n", "other");
    PolicyText text = other.text().orElseThrow();
    Optional<String> never = Optional.of(PolicySeen.NEVER);
    append(text.toEvent(in(Duration.ofMinutes(2)), never));
    append(decision(other.digest(), Duration.ofMinutes(2)).seen(never));
    findings(Verdict.INTACT);

    long row = append(decision(other.digest(), Duration.ofMinutes(2)));
    assertBroken(row, "which the operator did not admit");
  }

  @Test
  void unsignedLoadIsFound() throws Exception {
    RulePolicy weaker = RulePolicy.parse(BASE + "# weaker\n", "weaker");
    PolicyText text = weaker.text().orElseThrow();
    long load = append(text.toEvent(in(Duration.ofMinutes(2))));
    long decision = append(decision(weaker.digest(), Duration.ofMinutes(2)));
    assertBroken(load, "which the operator did not admit: it has no signature");
    assertBroken(decision, "which the operator did not admit");
  }

  @Test
  void olderLoadIsFound() throws Exception {
    writeSigned(REFUSES, NUMBER);
    decideOnce();
    RulePolicy older = RulePolicy.parse(BASE + "# older\n", "older");
    PolicyText text =
        older
            .text()
            .orElseThrow()
            .withSignature(
                Optional.of(new Signature(NUMBER - 1, operator.signs(older, origin, NUMBER - 1))));
    append(text.toEvent(in(Duration.ofSeconds(10))));
    findings(Verdict.INTACT);

    long row = append(text.toEvent(in(Duration.ofMinutes(2))));
    assertBroken(row, "number 4, into force more than a minute after number 5");
  }

  /** Without an operator's key, a program may have a policy of its own that states no text. */
  @Test
  void unknownPolicyWithoutAnOperatorIsNoted() throws Exception {
    data = new DataDirectory(directory.resolve("second"));
    decideOnce();
    try (Indelible log = Indelible.open(data.path(), new Textless())) {
      isPermitted(log);
    }
    assertThat(findings(Verdict.INTACT))
        .anyMatch(
            finding ->
                finding.status() == Status.UNKNOWN
                    && !finding.counts()
                    && finding.message().contains("name a policy that is not on record"));
  }

  @Test
  void erasedDecisionIsCountedApart() throws Exception {
    String id =
        rows().stream()
            .filter(row -> DeferredAuditEvent.isDecision(row.eventType()))
            .findFirst()
            .orElseThrow()
            .id();
    new AuditLog(data.path()).erase(id, "test", "test");
    assertThat(findings(Verdict.INTACT))
        .singleElement()
        .asString()
        .contains("1 decision with erased payloads is unknown");
  }

  private static Clock in(Duration later) {
    return Clock.fixed(Instant.now().plus(later), ZoneOffset.UTC);
  }

  private static DeferredAuditEvent decision(String policy, Duration later) {
    return DeferredAuditEvent.of("agent:a", ACTION, new Allow(), Optional.of(policy), in(later));
  }

  /** Appends an event with the log's key, as a gate that ignores the operator could. */
  private long append(AuditEvent event) throws Exception {
    SigningKey key = data.keys().read();
    HeadGuard guard = new HeadGuard(new RowCheck(KeyRing.of(List.of(key.verificationKey()))));
    try (SqliteWriter writer = SqliteWriter.open(data.database())) {
      BatchAppend append =
          new BatchAppend(new ChainEnd(writer, guard), new RowSealer(key), new AuditCounters());
      writer.inTransaction(
          () -> {
            append.run(List.of(event), List.of());
            return Optional.of(event);
          });
      return append.head().sequence();
    }
  }

  /** Asserts a finding, also by a verification that trusts the rows before. */
  private void assertBroken(long row, String message) throws Exception {
    for (long since : new long[] {1, row}) {
      assertThat(findings(Verdict.BROKEN, since))
          .as("since row %s", since)
          .anyMatch(
              finding ->
                  finding.status() == Status.BROKEN
                      && finding.sequence().isPresent()
                      && finding.sequence().getAsLong() == row
                      && finding.message().contains(message));
    }
  }

  /** Returns the findings about policies. */
  private List<Finding> findings(Verdict expected) throws Exception {
    return findings(expected, 1);
  }

  private List<Finding> findings(Verdict expected, long since) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(data.keys().accepted()).since(since))
              .verify();
      assertThat(report.verdict()).as("%s", report.findings()).isEqualTo(expected);
      return report.findings().stream()
          .filter(finding -> finding.check().equals(Finding.POLICY))
          .toList();
    }
  }

  private List<Recorded> loads() throws Exception {
    return rows().stream()
        .flatMap(row -> row.details(SystemEvent.POLICY_LOADED, PolicyText::read).stream())
        .toList();
  }

  private List<String> rejections() throws Exception {
    return rows().stream()
        .flatMap(
            row ->
                row
                    .details(SystemEvent.POLICY_REJECTED, details -> details.string("reason"))
                    .stream())
        .toList();
  }

  private List<ChainRow> rows() throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    if (Files.exists(data.database())) {
      try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
        ledger.forEachRow(RowQuery.all(), rows::add);
      }
    }
    return rows;
  }

  private static void delete(Path path) throws Exception {
    if (Files.isDirectory(path)) {
      try (Stream<Path> entries = Files.list(path)) {
        for (Path entry : entries.toList()) {
          delete(entry);
        }
      }
    }
    Files.deleteIfExists(path);
  }
}
