// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.decision.Allow;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.event.Redaction;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import dev.indelible.redaction.ActionRedactor.Result;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ActionRedactorTest {
  private static final byte[] KEY =
      "a key of the test of 32 bytes...".getBytes(StandardCharsets.US_ASCII);
  private static final ActionRedactor REDACTOR = ActionRedactor.of(List.of(), List.of(), KEY);
  private static final ExplainedDecision ALLOWED =
      new ExplainedDecision(new Allow(), Explanation.NONE);
  private static final MadeUp MADE = new MadeUp(42);
  private static final String TOKEN = "ghp_" + MADE.alphanumeric(36);
  private static final String PASSWORD = MADE.alphanumeric(14);

  @Test
  void actionWithoutSecretsStays() {
    assertThat(REDACTOR.redact(new Bash("git push origin main"), ALLOWED)).isEmpty();
  }

  @Test
  void equalSecretsHaveEqualDigestsUnderOneKey() {
    Result first = redact(new Bash("echo " + TOKEN));
    Result split = redact(new Bash("echo 'ghp_'\"" + TOKEN.substring(4) + "\""));
    Result other =
        ActionRedactor.of(List.of(), List.of(), new byte[32])
            .redact(new Bash("echo " + TOKEN), ALLOWED)
            .orElseThrow();
    Redaction redaction = first.redactions().get(0);
    assertThat(redaction.path()).isEqualTo("/action/command");
    assertThat(redaction.detector()).isEqualTo("github_token");
    assertThat(redaction.length()).isEqualTo(TOKEN.length());
    assertThat(redaction.digest()).hasSize(32).matches("[0-9a-f]+");
    assertThat(split.redactions().get(0).digest()).isEqualTo(redaction.digest());
    assertThat(other.redactions().get(0).digest()).isNotEqualTo(redaction.digest());
    assertThat(first.action())
        .isEqualTo(new Bash("echo REDACTED-github_token-" + redaction.digest()));
  }

  @Test
  void agentsMarkersAreReplaced() {
    Bash redacted = (Bash) redact(new Bash("echo " + TOKEN)).action();
    Result again = redact(redacted);
    assertThat(again.redactions()).extracting(Redaction::detector).containsExactly("marker");
    assertThat(((Bash) again.action()).command()).isNotEqualTo(redacted.command());
  }

  /** Every kind of action, with the secret in each of its texts. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'kind':'bash','command':'echo §','cwd':'/srv/§','home':'/home/§','shell':'§'}",
        "{'kind':'process_spawn','binary':'/bin/§','args':['-H','X: §']}",
        "{'kind':'filesystem_write','path':'/tmp/§'}",
        "{'kind':'network_request','host':'§','scheme':'§','path':'/x?k=§'}",
        "{'kind':'read','surface':'§','namespace':'§','query':'§'}",
        "{'kind':'tool_call','tool':'§','arguments':{'a':[{'§':'§'},1,null,true,'x']}}",
        "{'kind':'custom','custom_kind':'§','payload':['§']}"
      })
  void everyTextOfEveryActionIsRedacted(String json) throws Exception {
    AgentAction action =
        ActionParser.parse(
            CanonicalJson.read(json.replace('\'', '"').replace("§", TOKEN)), "action");
    Result result = redact(action);
    assertThat(text(result.action())).doesNotContain(TOKEN.substring(4));
    assertThat(result.action().kind()).isEqualTo(action.kind());
    assertThat(result.redactions())
        .allSatisfy(
            each -> {
              assertThat(each.path()).startsWith("/action/").doesNotContain(TOKEN);
              assertThat(each.length()).isEqualTo(TOKEN.length());
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'password':'§'}",
        "{'env':{'DB_PASSWORD':'§'}}",
        "{'headers':{'Authorization':'Basic §'}}",
        "{'headers':[{'x-api-key':'§'}]}",
        "{'command':'mysql -p§'}",
        "{'content':'DB_PASSWORD=§\\nX=1'}",
        "{'clientSecret':'§','note':'it is § again'}"
      })
  void membersWithSecretNamesAreRedacted(String json) throws Exception {
    JsonValue arguments = JsonValue.parse(json.replace('\'', '"').replace("§", PASSWORD));
    Result result = redact(new Custom("memory", arguments));
    assertThat(text(result.action())).doesNotContain(PASSWORD);
  }

  @Test
  void secretInTwoArgumentsIsFound() {
    Result result =
        redact(new ProcessSpawn("curl", List.of("-u", "alice:" + PASSWORD, "https://h.example")));
    assertThat(text(result.action())).doesNotContain(PASSWORD).contains("alice:REDACTED-");
    assertThat(result.redactions().get(0).path()).isEqualTo("/action/args/1");
  }

  @Test
  void decisionAndExplanationAreRedacted() {
    String command = "curl -u alice:" + PASSWORD + " https://h.example/" + TOKEN;
    ExplainedDecision decision =
        new ExplainedDecision(
            new Refuse("no-curl", "no curl here: " + command),
            new Explanation(
                List.of("no-curl"),
                List.of("contacts h.example", "reads /" + TOKEN.toLowerCase()),
                Optional.of(command)));
    Result result = REDACTOR.redact(new Bash(command), decision).orElseThrow();
    String all = result.decision() + text(result.action());
    assertThat(all).doesNotContain(PASSWORD).doesNotContainIgnoringCase(TOKEN);
    assertThat(result.decision().explanation().facts()).contains("contacts h.example");
    assertThat(result.redactions())
        .extracting(Redaction::path)
        .contains("/decision/reason", "/effective_command", "/facts/1", "/action/command");
  }

  /** A password may also be a user or a scheme, to which it does not extend. */
  @Test
  void passwordThatIsAWordIsReplacedInItsPlaceOnly() {
    Result result = redact(new Bash("DB_USER=postgres DB_PASS=postgres psql postgres://h/db"));
    assertThat(((Bash) result.action()).command())
        .startsWith("DB_USER=postgres DB_PASS=REDACTED-")
        .endsWith(" psql postgres://h/db");
  }

  /** A long command is shortened in a reason, perhaps within a secret. */
  @Test
  void beginningOfASecretIsRedacted() {
    String begun = "refused: curl -H X:" + TOKEN.substring(0, 20) + "…, which is long";
    Result result =
        REDACTOR
            .redact(
                new Bash("curl -H X:" + TOKEN),
                new ExplainedDecision(new Refuse("r", begun), Explanation.NONE))
            .orElseThrow();
    assertThat(result.decision().decision().reason().orElseThrow())
        .doesNotContain(TOKEN.substring(0, 20))
        .endsWith("…, which is long");
  }

  /** A value that is a word of a recorded fact is on record in any case, and stays readable. */
  @Test
  void wordOfAFactIsNotReplaced() {
    ExplainedDecision decision =
        new ExplainedDecision(
            new Refuse("r", "contacts postgres"),
            new Explanation(List.of("r"), List.of("contacts postgres"), Optional.empty()));
    assertThat(REDACTOR.redact(new Bash("PGPASSWORD=postgres psql -h postgres"), decision))
        .isEmpty();
    ExplainedDecision deletes =
        new ExplainedDecision(
            new Refuse("r", "deletes /etc"),
            new Explanation(List.of("r"), List.of("deletes /etc"), Optional.empty()));
    assertThat(REDACTOR.redact(new Bash("TOKEN='rm -rf /etc'; eval \"$TOKEN\""), deletes))
        .isEmpty();
  }

  @Test
  void throwingDetectorLeavesAStub() {
    for (Throwable failure : List.of(new IllegalStateException(TOKEN), new StackOverflowError())) {
      ActionRedactor broken =
          ActionRedactor.of(
              List.of(
                  (text, shell, found) -> {
                    if (failure instanceof Error error) {
                      throw error;
                    }
                    throw (RuntimeException) failure;
                  }),
              List.of(),
              KEY);
      Result result =
          broken
              .redact(
                  new Bash("echo " + TOKEN),
                  new ExplainedDecision(
                      new Refuse("r", "echo " + TOKEN),
                      new Explanation(List.of("r"), List.of(TOKEN), Optional.of(TOKEN))))
              .orElseThrow();
      assertThat(text(result.action()) + result.decision()).doesNotContain(TOKEN.substring(4));
      assertThat(text(result.action()))
          .contains("\"kind\":\"bash\"", failure.getClass().getSimpleName(), "redaction_failed");
      assertThat(result.decision().decision().ruleId()).contains("r");
      assertThat(result.decision().explanation().matched()).containsExactly("r");
      assertThat(result.redactions()).extracting(Redaction::path).containsExactly("/action");
      assertThat(broken.texts(new Bash(TOKEN), List.of(TOKEN)))
          .noneMatch(text -> text.contains(TOKEN));
    }
  }

  @Test
  void actionBeyondTheLimitsLeavesAStub() {
    String long1 = "x".repeat(ActionRedactor.MAX_CHARS + 1);
    assertThat(redact(new Bash(long1)).action()).isInstanceOf(Custom.class);
    StringBuilder many = new StringBuilder();
    for (int i = 0; i <= ActionRedactor.MAX_REDACTIONS; i++) {
      many.append("ghp_").append(MADE.alphanumeric(36)).append('\n');
    }
    assertThat(text(redact(new Bash(many.toString())).action()))
        .contains("redaction_failed")
        .doesNotContain("ghp_");
  }

  @Test
  void configuredPatternsAndPathsAreRedacted() throws Exception {
    ActionRedactor configured =
        ActionRedactor.of(
            List.of(ActionRedactor.pattern("badge", "badge ([0-9]{4})")),
            List.of(JsonPath.of("card", "/payload/*/card"), JsonPath.of("x", "/payload/x")),
            KEY);
    JsonValue payload =
        JsonValue.parse(
            "{\"a\":{\"card\":12345678,\"note\":\"badge 1234\"},\"card\":7,\"x\":{\"y\":[true]}}");
    Result result = configured.redact(new Custom("k", payload), ALLOWED).orElseThrow();
    assertThat(text(result.action()))
        .doesNotContain("12345678")
        .doesNotContain("1234\"")
        .contains("badge REDACTED-badge-", "\"card\":7", "\"y\":[\"REDACTED-x-");
    assertThat(result.redactions())
        .extracting(Redaction::path)
        .containsExactlyInAnyOrder(
            "/action/payload/a/card", "/action/payload/a/note", "/action/payload/x/y/0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "(?=a)", "a*", "\\1", ""})
  void unusablePatternIsRefused(String pattern) {
    assertThatIllegalArgumentException().isThrownBy(() -> ActionRedactor.pattern("id", pattern));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "arguments/a", "/arguments", "/command", "/action/command"})
  void unusablePathIsRefused(String pointer) {
    assertThatIllegalArgumentException().isThrownBy(() -> JsonPath.of("id", pointer));
  }

  /** RE2 does not backtrack: these patterns would take longer than the universe lasts. */
  @ParameterizedTest
  @ValueSource(strings = {"(a+)+b", "(a|aa)*c"})
  void patternDoesNotBacktrack(String pattern) {
    ActionRedactor configured =
        ActionRedactor.of(List.of(ActionRedactor.pattern("slow", pattern)), List.of(), KEY);
    String largest = "a".repeat(ActionRedactor.MAX_CHARS);
    assertThat(configured.redact(new Bash(largest), ALLOWED)).isEmpty();
  }

  /** The work is bounded by steps: a hundred large patterns are not tried on a large action. */
  @Test
  void tooMuchWorkLeavesAStub() {
    List<SecretDetector> patterns = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      patterns.add(ActionRedactor.pattern("p" + i, "(x{0,200}y{0,200}){2}z"));
    }
    ActionRedactor configured = ActionRedactor.of(patterns, List.of(), KEY);
    assertThat(configured.redact(new Bash("ls -l"), ALLOWED)).isEmpty();
    Result result =
        configured.redact(new Bash("x".repeat(ActionRedactor.MAX_CHARS)), ALLOWED).orElseThrow();
    assertThat(text(result.action())).contains("redaction_failed", "RedactionLimitException");
  }

  /**
   * The shell joins two variables; the explanation has the whole secret, and the command its parts.
   */
  @Test
  void partsOfASecretInTwoVariablesAreReplaced() {
    String first = TOKEN.substring(0, 14);
    String second = TOKEN.substring(14);
    String command = "A=" + first + "; B=" + second + "; curl -H \"X-Key: $A$B\" https://h.example";
    String effective = "curl -H 'X-Key: " + TOKEN + "' https://h.example";
    Result result =
        REDACTOR
            .redact(
                new Bash(command),
                new ExplainedDecision(
                    new Allow(), new Explanation(List.of(), List.of(), Optional.of(effective))))
            .orElseThrow();
    assertThat(text(result.action()) + result.decision())
        .doesNotContain(first)
        .doesNotContain(second);
    assertThat(result.redactions()).extracting(Redaction::detector).contains("split_secret");
  }

  /** The beginning of a token shows itself; its rest in another member does not. */
  @Test
  void beginningOfATokenInAMemberIsReplaced() throws Exception {
    String arguments =
        "{\"a\":\"%s\",\"b\":\"%s\"}".formatted(TOKEN.substring(0, 24), TOKEN.substring(24));
    Result result = redact(new Custom("k", JsonValue.parse(arguments)));
    assertThat(result.redactions())
        .extracting(Redaction::path, Redaction::detector)
        .containsExactly(tuple("/action/payload/a", "begun_token"));
  }

  /** The command with the marker has the structure of the command with the secret. */
  @Test
  void quotesStayBalanced() {
    Random random = new Random(5);
    List<String> parts = List.of("'", "\"", "'\"", "", "\\");
    for (int i = 0; i < 2_000; i++) {
      StringBuilder command = new StringBuilder("echo ");
      for (int at = 0; at < TOKEN.length(); at += 10) {
        String quote = parts.get(random.nextInt(2));
        command.append(random.nextBoolean() ? quote : "");
        command.append(TOKEN, at, Math.min(TOKEN.length(), at + 10));
        command.append(random.nextBoolean() ? quote : "");
      }
      command.append(" end");
      ShellView before = ShellView.of(command.toString());
      Bash redacted = (Bash) redactOrSame(new Bash(command.toString()));
      ShellView after = ShellView.of(redacted.command());
      int end = before.quotes().length - 1;
      assertThat(after.quotes()[after.quotes().length - 1])
          .as("%s -> %s", command, redacted.command())
          .isEqualTo(before.quotes()[end]);
    }
  }

  private static AgentAction redactOrSame(AgentAction action) {
    return REDACTOR.redact(action, ALLOWED).map(Result::action).orElse(action);
  }

  private static Result redact(AgentAction action) {
    return REDACTOR.redact(action, ALLOWED).orElseThrow();
  }

  private static String text(AgentAction action) {
    CanonicalWriter out = new CanonicalWriter();
    action.write(out);
    return new String(out.toBytes(), StandardCharsets.UTF_8);
  }
}
