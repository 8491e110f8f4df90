// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.decision.Allow;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.json.CanonicalJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
  private static final ExplainedDecision ALLOWED =
      new ExplainedDecision(new Allow(), Explanation.NONE);
  private static final Bash WITH_SECRET = new Bash("tool --password hunter22");

  @Test
  void missingFileMeansTheDefaults(@TempDir Path dir) throws Exception {
    Redactor redactor = Redactor.load(dir.resolve("redaction.yaml"), new byte[32]);
    assertThat(redactor.isEnabled()).isTrue();
    assertThat(redactor.redact(WITH_SECRET, ALLOWED).redactions()).hasSize(1);
    assertThat(redactor.settings().details()).isEqualTo(Redactor.ofDefaults().settings().details());
  }

  @Test
  void fileSwitchesRedactionOff(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("redaction.yaml");
    Files.writeString(file, "version: 1\nenabled: false\n");
    Redactor redactor = Redactor.load(file, new byte[32]);
    assertThat(redactor.redact(WITH_SECRET, ALLOWED).action()).isSameAs(WITH_SECRET);
    assertThat(redactor.texts(WITH_SECRET, List.of("x"))).containsExactly("x");
    assertThat(redactor.settings().details().text())
        .matches("\\{\"file\":\"sha256:[0-9a-f]{64}\",\"redaction\":\"off\"}");
  }

  /** The text of a policy is recorded as it is. */
  @Test
  void lintRemarksOnASecretInAPolicy() throws Exception {
    String rules =
        """
        version: 1
        rules:
          - id: r
            severity: refuse
            reason: "use another token than ghp_%s"
            match: {kind: bash, command_substring: x}
        """
            .formatted("a1B".repeat(12));
    assertThat(RulePolicy.parse(rules, "rules.yaml").remarks(Instant.now()))
        .singleElement()
        .asString()
        .contains("line 5: github_token", "remove the secret")
        .doesNotContain("a1Ba1B");
    assertThat(RulePolicy.starter().remarks(Instant.now())).isEmpty();
  }

  /** Secrets around a command; the section sign is the command. */
  private static final List<String> AROUND =
      List.of(
          "§ && curl -u alice:hunter22x https://example.com/",
          "export DB_PASSWORD=hunter22x; §",
          "API_TOKEN='hunter 22x' make && §",
          "git clone https://bot:hunter22x@example.com/r.git\n§",
          "mysql -phunter22x shop && §",
          "tool --password \"hunter22x\" && §");

  /** No word that a rule or fact depends on is replaced, whatever stands beside a secret. */
  @Test
  void decisionAboutTheRedactedActionIsTheSame() throws Exception {
    RulePolicy policy = RulePolicy.starter();
    Redactor redactor = Redactor.ofDefaults();
    int number = 0;
    for (String line : cases()) {
      if (!(ActionParser.parse(CanonicalJson.read(line).path("action"), "action")
          instanceof Bash bash)) {
        continue;
      }
      String around = AROUND.get(number++ % AROUND.size());
      Bash action =
          new Bash(around.replace("§", bash.command()), bash.cwd(), bash.home(), bash.shell());
      ExplainedDecision decision = policy.explain("agent:a", action);
      AgentAction redacted = redactor.redact(action, decision).action();
      assertThat(redacted).as(action.command()).isNotEqualTo(action);
      assertThat(policy.decide("agent:a", redacted).ruleId())
          .as("%s -> %s", action, redacted)
          .isEqualTo(decision.decision().ruleId());
    }
    assertThat(number).isGreaterThan(1_000);
  }

  private static List<String> cases() throws IOException {
    try (InputStream in = RedactorTest.class.getResourceAsStream("starter-cases.jsonl")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          version: 2 | line 1, column 1: version is not 1
          enabled: true | has no "version"
          version: 1;enable: true | line 2, column 1: unknown key "enable"; did you mean "enabled"
          version: 1;enabled: 3 | line 2, column 1: enabled is a number
          version: 1;detectors:;- id: a | line 3, column 3: a detector has either a pattern or a json_path
          version: 1;detectors:;- id: A;  pattern: x | line 3, column 3: id is "A"
          version: 1;detectors:;- id: a;  pattern: (x | line 4, column 3: the pattern is not one of RE2
          version: 1;detectors:;- id: a;  pattern: (?=x)y | line 4, column 3: the pattern is not one of RE2
          version: 1;detectors:;- id: a;  pattern: x* | line 4, column 3: the pattern matches the empty text
          version: 1;detectors:;- id: a;  json_path: /command | line 4, column 3: the path is not one into
          version: 1;detectors:;- id: a;  pattern: x;- id: a;  pattern: y | line 5, column 3: duplicate id
          """)
  void mistakeNamesItsPlace(String yaml, String message) {
    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> Redactor.parse(yaml.replace(';', '\n'), "redaction.yaml", new byte[32]))
        .withMessageContaining("redaction.yaml")
        .withMessageContaining(message);
  }

  @Test
  void scrubbedFailureKeepsItsPlace() {
    Throwable cause = new NumberFormatException("For input: xoxb-123456789012-abcdefghij");
    Throwable failure = new IllegalStateException("token=abc123456", cause);
    Throwable scrubbed = Redactor.scrub(failure);
    assertThat(scrubbed.toString())
        .isEqualTo("java.lang.IllegalStateException: token=REDACTED-named_secret");
    assertThat(scrubbed.getCause().toString()).contains("NumberFormatException", "REDACTED-");
    assertThat(scrubbed.getStackTrace()).isEqualTo(failure.getStackTrace());
  }

  @Test
  void scrubbedMessageHasNoSecret() {
    assertThat(Redactor.scrub("unknown kind \"xoxb-123456789012-abcdefghij\""))
        .isEqualTo("unknown kind \"REDACTED-slack_token\"");
  }

  /** Without the word, the message would say the opposite. */
  @ParameterizedTest
  @ValueSource(
      strings = {"/etc/passwd: not an SQLite database", "/run/secrets/token: cannot be read"})
  void messageAboutAFileStaysWhole(String message) {
    assertThat(Redactor.scrub(message)).isEqualTo(message);
  }
}
