// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Decision;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.HealthCheck;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.note.PolicyNote;
import dev.indelible.policy.RulePolicy;
import dev.indelible.postgres.TestServer;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two hosts on one ledger with an operator's key: the second follows the policies that the first
 * puts into force, and the log of both stays intact.
 */
@Tag("any-jdk")
@Timeout(300)
class PolicyOfHostsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Bash ACTION = new Bash("ls");
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

  @TempDir Path temp;

  private final NoteSigner operator = NoteSigner.of("ops", SigningKey.generate());
  private TestServer server;
  private TestLink link;
  private String url = "";
  private String origin = "";
  private DataDirectory first;
  private DataDirectory second;

  /** Two hosts with the base policy, of which the second reaches the ledger over a link. */
  @BeforeEach
  void createHosts() throws Exception {
    server = TestServer.shared();
    url = server.url(server.createLedger(), TestServer.WRITER);
    link = new TestLink(server.port());
    first = new DataDirectory(temp.resolve("first"));
    second = new DataDirectory(temp.resolve("second"));
    write(first, BASE);
    Indelible.builder(first.path()).ledger(() -> url).open().close();
    origin = first.trustOperator(operator.verifierKey(), Optional.empty()).origin();
    copy(first.path().resolve("keys"), second.path().resolve("keys"));
    copy(first.policy(), second.policy());
    open(second).close();
  }

  @AfterEach
  void close() throws Exception {
    link.close();
  }

  private IndelibleBuilder builder(DataDirectory host) {
    String at = host.equals(second) ? link.over(url) : url;
    return Indelible.builder(host.path()).ledger(() -> at);
  }

  private Indelible open(DataDirectory host) throws Exception {
    return builder(host).open();
  }

  private static void write(DataDirectory host, String rules) throws Exception {
    Files.createDirectories(host.policy());
    Files.writeString(host.policy().resolve("rules.yaml"), rules);
  }

  private void sign(DataDirectory host, long number) throws Exception {
    Files.writeString(
        host.policy().resolve(RulePolicy.SIGNATURE_FILE),
        note(RulePolicy.load(host.policy()), number));
  }

  private String note(RulePolicy policy, long number) throws Exception {
    return new PolicyNote(origin, number, policy.digest()).sign(operator).toString();
  }

  private RulePolicy signed(String rules, long number) throws Exception {
    RulePolicy policy = RulePolicy.parse(rules, "program");
    return RulePolicy.of(
        policy
            .text()
            .orElseThrow()
            .withSignature(Optional.of(new Signature(number, note(policy, number)))));
  }

  private static void copy(Path from, Path to) throws Exception {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(copy)) {
          Files.createDirectories(copy.getParent());
          Files.copy(
              file, copy, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  /** Puts a policy into force on the first host, and waits until it is in the chain. */
  private void roll(String rules, long number) throws Exception {
    write(first, rules);
    sign(first, number);
    try (Indelible log = open(first)) {
      log.gate().check("agent:first", ACTION);
    }
  }

  private static Decision decide(Indelible log) {
    return log.gate().check("agent:second", ACTION);
  }

  private static Optional<String> policyFault(Indelible log) {
    return log.metrics().health().entries().stream()
        .filter(entry -> entry.source().equals(HealthEntry.POLICY))
        .map(HealthEntry::reason)
        .findFirst();
  }

  private static void look(Indelible log) {
    log.chainWatch().orElseThrow().look();
  }

  private VerificationReport requireIntact() throws Exception {
    VerificationReport report = new AuditLog(first.path()).verify();
    assertThat(report.verdict()).as("%s", report.findings()).isEqualTo(Verdict.INTACT);
    return report;
  }

  /** Returns what decisions of the second host state about their contact. */
  private List<String> seen() throws Exception {
    return server.texts(
        "SELECT coalesce(payload::json->>'policy_seen', '-') FROM %s.signed_events WHERE agent_id = 'agent:second' ORDER BY sequence"
            .formatted(schema()));
  }

  @Test
  void gateFollowsThePolicyOfAnotherHost() throws Exception {
    try (Indelible log = open(second)) {
      assertThat(decide(log).isPermitted()).isTrue();
      roll(REFUSES, 1);
      // The watch itself looks, at its interval.
      await().atMost(LIMIT).until(() -> !decide(log).isPermitted());
      assertThat(decide(log).ruleId()).contains("R1");
      assertThat(policyFault(log).orElseThrow())
          .contains("number 1 is in force now")
          .contains("the rules of this data directory are older");

      copy(first.policy(), second.policy());
      await().atMost(LIMIT).until(() -> policyFault(log).isEmpty());
      assertThat(decide(log).ruleId()).contains("R1");
    }
    assertThat(seen()).containsOnly("-");
    requireIntact();
  }

  @Test
  void startWithOlderRulesUsesThoseOfTheChain() throws Exception {
    roll(REFUSES, 1);
    try (Indelible log = open(second)) {
      assertThat(decide(log).ruleId()).contains("R1");
      assertThat(policyFault(log).orElseThrow()).contains("of the chain is in force");
    }
    requireIntact();

    sign(second, 1);
    link.cut();
    assertThatThrownBy(() -> open(second))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("its number 1 is already that of policy");
  }

  /** A server that was restored from a copy admits nothing again that this host has replaced. */
  @Test
  void hostDoesNotGoBackWithTheLedger() throws Exception {
    sign(second, 1);
    open(second).close();
    saveLedger();
    roll(REFUSES, 2);
    copy(first.policy(), second.policy());
    try (Indelible log = open(second)) {
      assertThat(decide(log).ruleId()).contains("R1");
      goBack();
      look(log);
      assertThat(decide(log).ruleId()).contains("R1");
    }
    goBack();
    write(second, BASE);
    sign(second, 1);
    assertStartIsOlderThan(2);
    assertThat(HealthCheck.of(second, Optional.empty()).entry(HealthEntry.POLICY).orElseThrow())
        .extracting(HealthEntry::reason)
        .asString()
        .contains("and number 2 was in force");
    link.cut();
    assertStartIsOlderThan(2);
    link.restore();

    copy(first.policy(), second.policy());
    try (Indelible log = open(second)) {
      assertThat(decide(log).ruleId()).contains("R1");
    }
  }

  @Test
  void admissionWithoutContactCounts() throws Exception {
    sign(second, 1);
    open(second).close();
    link.cut();
    write(second, REFUSES);
    sign(second, 2);
    open(second).close();
    write(second, BASE);
    sign(second, 1);
    assertStartIsOlderThan(2);
  }

  private void assertStartIsOlderThan(long number) {
    assertThatThrownBy(() -> open(second))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("and number %s was in force".formatted(number));
  }

  private String schema() {
    return url.substring(url.lastIndexOf('=') + 1);
  }

  private List<String> tables() throws Exception {
    return server.texts(
        "SELECT tablename FROM pg_tables WHERE schemaname = '%s'".formatted(schema()));
  }

  private void saveLedger() throws Exception {
    server.run("CREATE SCHEMA saved_" + schema());
    for (String table : tables()) {
      server.run("CREATE TABLE saved_%1$s.%2$s AS TABLE %1$s.%2$s".formatted(schema(), table));
    }
  }

  /** Makes the ledger what it was when it was saved. */
  private void goBack() throws Exception {
    StringBuilder sql = new StringBuilder("BEGIN;");
    for (String table : tables()) {
      sql.append("DELETE FROM %1$s.%2$s;".formatted(schema(), table));
      sql.append(
          "INSERT INTO %1$s.%2$s OVERRIDING SYSTEM VALUE TABLE saved_%1$s.%2$s;"
              .formatted(schema(), table));
    }
    server.run(sql.append("COMMIT").toString());
  }

  /** The operator's key of another host also ends the use of rules that nobody signed. */
  @Test
  void gateLeavesRulesThatTheFirstOperatorDidNotAccept() throws Exception {
    url = server.url(server.createLedger(), TestServer.WRITER);
    for (DataDirectory host : new DataDirectory[] {first, second}) {
      for (String name : new String[] {"ledger", "last-policy", "last-checkpoint", "index.db"}) {
        Files.deleteIfExists(host.path().resolve(name));
      }
      delete(host.path().resolve("journal"));
      Files.deleteIfExists(host.path().resolve("keys/operator.vkey"));
    }
    write(first, REFUSES);
    open(first).close();
    try (Indelible log = open(second)) {
      assertThat(decide(log).isPermitted()).isTrue();
      first.trustOperator(operator.verifierKey(), Optional.empty());
      look(log);
      assertThat(decide(log).ruleId()).contains("R1");
    }
    requireIntact();
  }

  private static void delete(Path directory) throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A text over 1 MiB is not on record, so the second host cannot follow. */
  @Test
  void gateThatCannotFollowRefuses() throws Exception {
    String filling = ("# " + "x".repeat(998) + "\n").repeat(600);
    try (Indelible log = open(second)) {
      write(first, REFUSES + filling);
      Files.writeString(first.policy().resolve("more.yaml"), BASE + filling);
      sign(first, 1);
      try (Indelible other = open(first)) {
        other.gate().check("agent:first", ACTION);
      }
      look(log);
      assertThat(decide(log).isPermitted()).isTrue();
      assertThat(policyFault(log).orElseThrow()).contains("the chain does not have its text");
      look(log);
      look(log);
      assertThat(decide(log).ruleId()).contains(Gate.POLICY_SUPERSEDED);
      assertThat(decide(log).reason().orElseThrow()).contains("number 1, of the chain is later");
      assertThat(policyFault(log).orElseThrow()).contains("every action is refused");

      copy(first.policy(), second.policy());
      log.reloadPolicy();
      look(log);
      assertThat(decide(log).ruleId()).contains("R1");
      assertThat(policyFault(log)).isEmpty();
    }
    requireIntact();
    Files.delete(second.policy().resolve("more.yaml"));
    assertThatThrownBy(() -> open(second)).isInstanceOf(OpenException.class);
  }

  @Test
  void policyOfTheProgramThatWasReplacedRefuses() throws Exception {
    try (Indelible log = builder(second).policy(signed(BASE + "# own\n", 1)).open()) {
      roll(REFUSES, 2);
      look(log);
      look(log);
      assertThat(decide(log).isPermitted()).isTrue();
      look(log);
      assertThat(decide(log).ruleId()).contains(Gate.POLICY_SUPERSEDED);
      log.gate().use(signed(REFUSES, 3));
      look(log);
      assertThat(decide(log).ruleId()).contains("R1");
      assertThat(policyFault(log)).isEmpty();
    }
    requireIntact();
  }

  /** A host that starts without the ledger decides by the rules that it has, and states that. */
  @Test
  void hostWithoutContactStatesThat() throws Exception {
    sign(second, 1);
    open(second).close();
    link.cut();
    try (Indelible log = open(second)) {
      assertThat(decide(log).isPermitted()).isTrue();
      roll(REFUSES, 2);
      look(log);
      assertThat(decide(log).isPermitted()).isTrue();
      link.restore();
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
      look(log);
      assertThat(decide(log).ruleId()).contains("R1");
    }
    assertThat(seen()).containsExactly("never", "never", "-");
    requireIntact();
  }

  /**
   * A running host is cut off for longer than the minute within which each gate has to follow. Its
   * decisions state that it had no contact, and the log stays intact.
   */
  @Test
  @Tag("full")
  void decisionsOfACutOffHostAreNoted() throws Exception {
    try (Indelible log = open(second)) {
      link.cut();
      roll(REFUSES, 1);
      long end = System.nanoTime() + Duration.ofSeconds(75).toNanos();
      await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofSeconds(5))
          .until(() -> decide(log).isPermitted() && System.nanoTime() > end);
      link.restore();
      await().atMost(LIMIT).until(() -> !decide(log).isPermitted());
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
    }
    assertThat(seen()).contains("-").anyMatch(seen -> seen.startsWith("20"));
    assertThat(requireIntact().findings())
        .filteredOn(finding -> finding.check().equals(Finding.POLICY))
        .anyMatch(
            finding ->
                finding.status() == Finding.Status.UNKNOWN
                    && finding.message().contains("while they had no contact with the ledger"));
  }
}
