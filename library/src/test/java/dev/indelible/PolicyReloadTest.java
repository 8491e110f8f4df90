// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalJson;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** States of the policy directory in which it holds no policy. */
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
        case NOT_YAML -> Files.writeString(file, "version: 1\nrules: [");
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
  void brokenRulesLeaveThoseInForce(Broken broken) throws Exception {
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

  /** The journal's smallest segment holds the event of a text of 1 MiB. */
  @Test
  void textOfOneMebibyteIsRecorded() throws Exception {
    Files.writeString(rules, padded(' ', 1 << 20));
    decideOnce();

    assertThat(recorded().isProven()).isTrue();
    assertThat(recorded().length()).isEqualTo(1 << 20);
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void longerTextIsLeftOut() throws Exception {
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

  /** With its escapes, the text does not fit the journal's smallest segment. */
  @Test
  void textThatGrowsByEscapesIsLeftOut() throws Exception {
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
