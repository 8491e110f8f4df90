// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.decision.Decision;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalJson;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies that change while a log is open, and the record of each policy in its chain. */
class PolicyReloadTest {
  private static final String ALLOWS = "version: 1\nrules: []\n";
  private static final String REFUSES =
      """
      version: 1
      rules:
        - id: R1
          severity: refuse
          reason: nothing is listed
          when: {command: ls}
      """;
  private static final String BROKEN = "version: 1\nrules: [";
  private static final Bash ACTION = new Bash("ls");

  @TempDir Path directory;

  private Path data;
  private Path rules;

  @BeforeEach
  void createPolicy() throws IOException {
    data = directory.resolve("data");
    rules = data.resolve("policy/rules.yaml");
    Files.createDirectories(rules.getParent());
    Files.writeString(rules, ALLOWS);
  }

  @Test
  void reloadedRulesDecide() throws Exception {
    String before = digest();
    String after;
    try (Indelible indelible = Indelible.builder(data).watchPolicy(false).open()) {
      assertThat(isPermitted(indelible)).isTrue();
      Files.writeString(rules, REFUSES);
      after = digest();
      assertThat(isPermitted(indelible)).isTrue();

      indelible.reloadPolicy();

      assertThat(isPermitted(indelible)).isFalse();
      assertThat(indelible.policy().digest()).isEqualTo(after);
    }
    assertThat(history())
        .containsExactly(
            "loaded " + before,
            "decided " + before,
            "decided " + before,
            "loaded " + after,
            "decided " + after);
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void changedRulesAreReloaded() throws Exception {
    try (Indelible indelible = Indelible.open(data)) {
      assertThat(isPermitted(indelible)).isTrue();
      Files.writeString(rules, REFUSES);
      await().atMost(Duration.ofMinutes(1)).until(() -> !isPermitted(indelible));
    }
    assertThat(history()).anyMatch(("loaded " + digest())::equals);
  }

  /** States of the policy directory in which no policy can be loaded from it. */
  enum Broken {
    MISSING,
    EMPTY,
    A_FILE,
    NOT_YAML,
    NOT_UTF8,
    TOO_LARGE,
    DIRECTORY_AS_FILE,
    LINK_LOOP,
    PIPE;

    void make(Path policy) throws Exception {
      Path file = policy.resolve("rules.yaml");
      Files.delete(file);
      switch (this) {
        case MISSING -> Files.delete(policy);
        case EMPTY -> {}
        case A_FILE -> {
          Files.delete(policy);
          Files.writeString(policy, "no policy");
        }
        case NOT_YAML -> Files.writeString(file, BROKEN);
        case NOT_UTF8 -> Files.write(file, new byte[] {'v', (byte) 0xff});
        case TOO_LARGE -> Files.writeString(file, "#".repeat(10 << 20));
        case DIRECTORY_AS_FILE -> Files.createDirectory(file);
        case LINK_LOOP -> Files.createSymbolicLink(file, file.getFileName());
        case PIPE ->
            assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void brokenRulesDoNotReplaceTheLoadedOnes(Broken broken) throws Exception {
    Files.writeString(rules, REFUSES);
    try (Indelible indelible = Indelible.builder(data).watchPolicy(false).open()) {
      String inForce = indelible.policy().digest();
      assertThat(indelible.health().entry(HealthEntry.POLICY)).isEmpty();
      broken.make(rules.getParent());

      assertThatThrownBy(indelible::reloadPolicy).isInstanceOf(PolicyException.class);

      assertThat(isPermitted(indelible)).isFalse();
      assertThat(indelible.policy().digest()).isEqualTo(inForce);
      assertThat(indelible.metrics().health().entry(HealthEntry.POLICY).orElseThrow().reason())
          .contains(rules.getParent().toString())
          .contains(inForce + " stays in force");
      assertThat(indelible.health().entry(HealthEntry.POLICY)).isPresent();

      delete(rules.getParent());
      Files.createDirectory(rules.getParent());
      Files.writeString(rules, ALLOWS);
      indelible.reloadPolicy();

      assertThat(indelible.health().entry(HealthEntry.POLICY)).isEmpty();
      assertThat(isPermitted(indelible)).isTrue();
    }
  }

  @Test
  void emptiedDirectoryIsReported() throws Exception {
    Files.writeString(rules, REFUSES);
    try (Indelible indelible = Indelible.open(data)) {
      Files.delete(rules);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> indelible.metrics().health().entry(HealthEntry.POLICY).isPresent());
      assertThat(isPermitted(indelible)).isFalse();

      Files.writeString(rules, REFUSES);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> indelible.metrics().health().entry(HealthEntry.POLICY).isEmpty());
      assertThat(isPermitted(indelible)).isFalse();
    }
    assertThat(history().stream().filter(row -> row.startsWith("loaded"))).hasSize(1);
  }

  /** A failed load is retried, because a repair (for example of permissions) may change no file. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failedLoadIsTriedAgain(boolean onRequest) throws Exception {
    Changing changing = new Changing();
    try (Indelible indelible = Indelible.inMemory(parse(ALLOWS))) {
      HealthEntries health = new HealthEntries();
      PolicyReload reload = PolicyReload.of(changing, indelible.gate(), health, false);
      if (onRequest) {
        look(reload, 2);
      }
      changing.load = () -> parse(BROKEN);
      if (onRequest) {
        assertThatThrownBy(reload::reload).isInstanceOf(PolicyException.class);
      }
      look(reload, 3);
      assertThat(health.all()).singleElement().asString().contains("stays in force");
      assertThat(isPermitted(indelible)).isTrue();

      changing.load = () -> parse(REFUSES);
      look(reload, 1);

      assertThat(health.all()).isEmpty();
      assertThat(isPermitted(indelible)).isFalse();
    }
  }

  /** The rules change again while they are loaded. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void halfWrittenRulesAreNotUsed(boolean loads) throws Exception {
    Changing changing = new Changing();
    try (Indelible indelible = Indelible.inMemory(parse(REFUSES))) {
      HealthEntries health = new HealthEntries();
      PolicyReload reload = PolicyReload.of(changing, indelible.gate(), health, false);
      changing.load =
          () -> {
            changing.look = () -> "half-written";
            return parse(loads ? ALLOWS : BROKEN);
          };
      look(reload, 2);

      assertThat(isPermitted(indelible)).isFalse();
      assertThat(health.all()).isEmpty();

      String written = REFUSES.replace("nothing is listed", "nothing at all is listed");
      changing.look = () -> "written";
      changing.load = () -> parse(written);
      look(reload, 1);
      assertThat(indelible.policy().digest()).isEqualTo(parse(REFUSES).digest());
      look(reload, 1);
      assertThat(indelible.policy().digest()).isEqualTo(parse(written).digest());
    }
  }

  @Test
  void fileWithoutRulesDelaysNoReload() throws Exception {
    try (Indelible indelible = Indelible.builder(data).watchPolicy(false).open()) {
      PolicyReload.Source source = source();
      PolicyReload reload = PolicyReload.of(source, indelible.gate(), new HealthEntries(), false);
      Files.writeString(rules, REFUSES);
      for (int i = 1; i <= 2; i++) {
        Files.writeString(rules.resolveSibling(".rules.yaml.swp"), "x".repeat(i));
        Files.writeString(rules.resolveSibling("notes.txt"), "x".repeat(i));
        reload.look();
      }
      assertThat(isPermitted(indelible)).isFalse();

      String before = source.look();
      Files.writeString(rules.resolveSibling("more.yml"), ALLOWS);
      assertThat(source.look()).isNotEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void watchSurvivesErrors(boolean ofLoad) throws Exception {
    Changing changing = new Changing();
    try (Indelible indelible = Indelible.inMemory(parse(ALLOWS))) {
      HealthEntries health = new HealthEntries();
      PolicyReload reload = PolicyReload.of(changing, indelible.gate(), health, true);
      try {
        if (ofLoad) {
          changing.load =
              () -> {
                throw new StackOverflowError("test");
              };
        } else {
          changing.look =
              () -> {
                throw new SecurityException("test");
              };
        }
        await().atMost(Duration.ofMinutes(1)).until(() -> !health.all().isEmpty());
        assertThat(health.all().get(0).source()).isEqualTo(HealthEntry.POLICY);
        assertThat(health.all().get(0).reason())
            .contains("cannot be loaded again")
            .contains("test");

        changing.look = () -> "repaired";
        changing.load = () -> parse(REFUSES);
        await().atMost(Duration.ofMinutes(1)).until(() -> !isPermitted(indelible));
        await().atMost(Duration.ofMinutes(1)).until(() -> health.all().isEmpty());
      } finally {
        reload.stop();
      }
    }
  }

  /** A policy that the program sets stays in force until the files change. */
  @Test
  void policyOfTheProgramIsKept() throws Exception {
    Changing changing = new Changing();
    changing.load = () -> parse(ALLOWS);
    try (Indelible indelible = Indelible.inMemory(parse(ALLOWS))) {
      PolicyReload reload = PolicyReload.of(changing, indelible.gate(), new HealthEntries(), false);
      indelible.gate().use(parse(REFUSES));
      look(reload, 3);
      assertThat(isPermitted(indelible)).isFalse();

      changing.look = () -> "touched";
      look(reload, 3);
      assertThat(isPermitted(indelible)).isFalse();

      reload.reload();
      assertThat(isPermitted(indelible)).isTrue();
      indelible.gate().use(parse(REFUSES));
      look(reload, 3);
      assertThat(isPermitted(indelible)).isFalse();

      changing.look = () -> "changed";
      changing.load = () -> parse(ALLOWS + "# changed\n");
      look(reload, 2);
      assertThat(isPermitted(indelible)).isTrue();
    }
  }

  @Test
  void stopWaitsForALoadAndDiscardsIt() throws Exception {
    Changing changing = new Changing();
    CountDownLatch loading = new CountDownLatch(1);
    AtomicBoolean loaded = new AtomicBoolean();
    changing.load =
        () -> {
          loading.countDown();
          LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
          loaded.set(true);
          return parse(REFUSES);
        };
    try (Indelible indelible = Indelible.inMemory(parse(ALLOWS))) {
      PolicyReload reload = PolicyReload.of(changing, indelible.gate(), new HealthEntries(), true);
      loading.await();
      reload.stop();

      assertThat(loaded).isTrue();
      assertThat(isPermitted(indelible)).isTrue();
    }
  }

  @Test
  void policyWhoseTextThrowsRefuses() throws Exception {
    RulePolicy allows = parse(ALLOWS);
    AtomicBoolean throwing = new AtomicBoolean(true);
    Policy own =
        new Policy() {
          @Override
          public Decision decide(String agentId, AgentAction action) {
            return allows.decide(agentId, action);
          }

          @Override
          public String digest() {
            return allows.digest();
          }

          @Override
          public Optional<PolicyText> text() {
            if (throwing.get()) {
              throw new IllegalStateException("test");
            }
            return allows.text();
          }
        };
    try (Indelible indelible = Indelible.builder(data).watchPolicy(false).open()) {
      indelible.gate().use(own);
      Decision refused = indelible.gate().check("agent:a", ACTION);
      assertThat(refused.isPermitted()).isFalse();
      assertThat(refused.ruleId()).contains(Gate.POLICY_FAILED);

      throwing.set(false);
      assertThat(isPermitted(indelible)).isTrue();
    }
    assertThat(history())
        .containsExactly("decided ", "loaded " + allows.digest(), "decided " + allows.digest());
  }

  @Test
  void ownPolicyIsNotReloaded() throws Exception {
    try (Indelible indelible = Indelible.open(data, RulePolicy.parse(REFUSES, "own"))) {
      assertThatThrownBy(indelible::reloadPolicy).isInstanceOf(IllegalStateException.class);
      indelible.gate().use(RulePolicy.parse(ALLOWS, "own"));
      assertThat(isPermitted(indelible)).isTrue();
    }
  }

  @Test
  void restartRecordsOnlyAChange() throws Exception {
    Indelible.open(data).close();
    String first = digest();
    decideOnce();
    decideOnce();
    Files.writeString(rules, REFUSES);
    String second = digest();
    decideOnce();
    decideOnce();
    Files.writeString(rules, ALLOWS);
    decideOnce();

    assertThat(history())
        .containsExactly(
            "loaded " + first,
            "decided " + first,
            "decided " + first,
            "loaded " + second,
            "decided " + second,
            "decided " + second,
            "loaded " + first,
            "decided " + first);
  }

  @Test
  void everyFileIsRecorded() throws Exception {
    Files.writeString(rules, "\uFEFF" + ALLOWS);
    Files.writeString(rules.resolveSibling("more.yml"), REFUSES);
    decideOnce();

    PolicyText.Recorded recorded = recorded();
    assertThat(recorded.digest()).isEqualTo(digest());
    assertThat(recorded.isProven()).isTrue();
    assertThat(recorded.text().orElseThrow().files())
        .extracting(file -> file.name().orElseThrow())
        .containsExactly("more.yml", "rules.yaml");
  }

  /** The event of a text of 1 MiB fits into the journal's smallest segment. */
  @Test
  void textOfOneMebibyteIsRecorded() throws Exception {
    Files.writeString(rules, padded(' ', 1 << 20));
    decideOnce();

    assertThat(recorded().isProven()).isTrue();
    assertThat(recorded().length()).isEqualTo(1 << 20);
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void longerTextIsOmitted() throws Exception {
    Files.writeString(rules, padded(' ', 700_000));
    Files.writeString(rules.resolveSibling("more.yaml"), padded(' ', 700_000));
    try (Indelible indelible = Indelible.open(data)) {
      assertThat(isPermitted(indelible)).isTrue();
    }

    assertThat(recorded().digest()).isEqualTo(digest());
    assertThat(recorded().length()).isEqualTo(1_400_000);
    assertThat(recorded().text()).isEmpty();
    assertThat(history()).hasSize(2);
  }

  /** With its escapes, the text does not fit into the journal's smallest segment. */
  @Test
  void textThatGrowsByEscapesIsOmitted() throws Exception {
    Files.writeString(rules, padded('"', 1 << 20));
    decideOnce();

    assertThat(recorded().digest()).isEqualTo(digest());
    assertThat(recorded().text()).isEmpty();
  }

  private void decideOnce() throws Exception {
    try (Indelible indelible = Indelible.open(data)) {
      isPermitted(indelible);
    }
  }

  private static String padded(char with, int bytes) {
    return ALLOWS + "#" + String.valueOf(with).repeat(bytes - ALLOWS.length() - 1);
  }

  private PolicyReload.Source source() throws Exception {
    DataDirectory directory = new DataDirectory(data);
    return new PolicyReload.Source(directory, false, new PolicyAdmission(directory));
  }

  /** Rules whose content the test sets. */
  private static final class Changing implements PolicyReload.Rules {
    private volatile Callable<RulePolicy> load = () -> parse(ALLOWS);
    private volatile Supplier<String> look = () -> "unchanged";

    @Override
    public PolicyReload.Loaded load() throws PolicyException {
      try {
        return new PolicyReload.Loaded(load.call(), Optional.empty());
      } catch (PolicyException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public String look() {
      return look.get();
    }
  }

  private static void look(PolicyReload reload, int times) {
    for (int i = 0; i < times; i++) {
      reload.look();
    }
  }

  private static RulePolicy parse(String yaml) throws PolicyException {
    return RulePolicy.parse(yaml, "test");
  }

  private static boolean isPermitted(Indelible indelible) {
    return indelible.gate().check("agent:a", ACTION).isPermitted();
  }

  private String digest() throws PolicyException {
    return RulePolicy.load(rules.getParent()).digest();
  }

  private PolicyText.Recorded recorded() throws Exception {
    return rows().get(0).details(SystemEvent.POLICY_LOADED, PolicyText::read).orElseThrow();
  }

  /** Returns the policies and decisions in the chain, in order. */
  private List<String> history() throws Exception {
    List<String> history = new ArrayList<>();
    for (ChainRow row : rows()) {
      if (DeferredAuditEvent.isDecision(row.eventType())) {
        history.add(
            "decided "
                + CanonicalJson.read(row.payload().orElseThrow()).path("policy").asString(""));
      }
      row.details(SystemEvent.POLICY_LOADED, PolicyText::read)
          .ifPresent(policy -> history.add("loaded " + policy.digest()));
    }
    return history;
  }

  private List<ChainRow> rows() throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(data.resolve("indelible.db"))) {
      ledger.forEachRow(RowQuery.all(), rows::add);
    }
    return rows;
  }

  private Verdict verdict() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.resolve("indelible.db"))) {
      return new Verifier(
              ledger, VerificationOptions.of(new KeyDirectory(data.resolve("keys")).accepted()))
          .verify()
          .verdict();
    }
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> entries = Files.list(path)) {
        for (Path entry : entries.toList()) {
          Files.delete(entry);
        }
      }
    }
    Files.deleteIfExists(path);
  }
}
