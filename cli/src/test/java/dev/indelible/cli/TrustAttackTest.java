// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.indelible.cli.Cli.Result;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Attacks on the policy and on the operator's key, by whoever can write to the data directory. They
 * were listed from the documentation alone. The operator's rules in force refuse {@code ls}; the
 * attacker wants them to allow it.
 */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
@Tag("any-jdk")
class TrustAttackTest {
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

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path directory;

  private Cli cli;
  private Path policy;
  private Path key;
  private String vkey = "";
  private String origin = "";

  /** Rules that allow, with number 1, and the rules in force, with number 2. */
  private Path old;

  private Path current;

  /** An attacker's key, under the name of the operator's. */
  private Path otherKey;

  private String otherVkey = "";

  private @Nullable DaemonProcess daemon;

  @AfterEach
  void stopDaemon() throws Exception {
    if (daemon != null) {
      daemon.stop();
    }
  }

  @BeforeEach
  void createOperatedLog() throws Exception {
    cli = new Cli(directory.resolve("data"));
    policy = cli.data().resolve("policy");
    key = directory.resolve("operator.pem");
    vkey = keygen(key, "ops.example");
    otherKey = directory.resolve("other.pem");
    otherVkey = keygen(otherKey, "ops.example");
    Files.createDirectories(policy);
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);
    cli.run("check", Cli.bash("ls")).ok();
    copy(cli.data(), directory.resolve("before-trust"));
    origin =
        cli.run("policy", "trust", vkey, "--output", "json").ok().json().path("origin").asString();
    old = rules("old", ALLOWS, key, origin, 1);
    current = rules("current", REFUSES, key, origin, 2);
    install(old);
    assertThat(exit("ls")).isZero();
    install(current);
    assertThat(exit("ls")).isEqualTo(3);
  }

  private static String keygen(Path file, String name) {
    return Cli.runWithoutData("policy", "keygen", file.toString(), "--name", name)
        .ok()
        .out()
        .strip();
  }

  /** Writes and signs rules in a directory of their own. */
  private Path rules(String name, String yaml, Path signer, String log, long number)
      throws Exception {
    Path rules = Files.createDirectories(directory.resolve(name));
    Files.writeString(rules.resolve("rules.yaml"), yaml);
    Cli.runWithoutData(
            "policy",
            "sign",
            rules.toString(),
            "--key",
            signer.toString(),
            "--origin",
            log,
            "--number",
            Long.toString(number))
        .ok();
    return rules;
  }

  /** Replaces the content of {@code policy/}. */
  private void install(Path rules) throws IOException {
    delete(policy);
    copy(rules, policy);
  }

  private static void delete(Path tree) throws IOException {
    if (Files.isSymbolicLink(tree)) {
      Files.delete(tree);
    } else if (Files.exists(tree)) {
      try (Stream<Path> files = Files.walk(tree)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static void mkfifo(Path file) throws Exception {
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
  }

  private static void changeByte(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replaceFirst(from, to));
  }

  private int exit(String command) {
    return cli.run("check", Cli.bash(command)).exit();
  }

  private List<JsonNode> rows(String type) {
    return cli.run("log", "list", "--type", type, "--output", "json").jsonLines();
  }

  private void assertVerified(String verdict) {
    Result verified = cli.run("log", "verify", "--output", "json");
    assertThat(verified.json().path("verdict").asString()).as(verified.out()).isEqualTo(verdict);
  }

  /** A change of {@code policy/}, and a word of the reason why it does not come into force. */
  private record Attack(String sentence, Step step, String reason) {
    @Override
    public String toString() {
      return sentence;
    }
  }

  @FunctionalInterface
  private interface Step {
    void carryOut(TrustAttackTest log) throws Exception;
  }

  static List<Attack> changes() {
    return List.of(
        new Attack(
            "rules signed by another key",
            log -> log.install(log.rules("x", ALLOWS, log.otherKey, log.origin, 3)),
            "operator"),
        new Attack("older rules of the operator", log -> log.install(log.old), "number is 1"),
        new Attack(
            "other rules under the number in force",
            log -> log.install(log.rules("x", ALLOWS, log.key, log.origin, 2)),
            "number 2"),
        new Attack(
            "one byte of the rules changed",
            log -> changeByte(log.policy.resolve("rules.yaml"), "command: ls", "command: lz"),
            "signed"),
        new Attack(
            "one byte of the signed number changed",
            log -> {
              log.install(log.old);
              changeByte(log.policy.resolve("policy.sig"), "\n1\n", "\n3\n");
            },
            "signature"),
        new Attack(
            "rules signed for another log",
            log -> log.install(log.rules("x", ALLOWS, log.key, "other.example/log", 9)),
            "other.example/log"),
        new Attack("policy/ deleted", log -> delete(log.policy), "policy"),
        new Attack(
            "the signature deleted",
            log -> {
              Files.delete(log.policy.resolve("policy.sig"));
              Files.writeString(log.policy.resolve("rules.yaml"), ALLOWS);
            },
            "signature"),
        new Attack(
            "a second file that puts all rules into shadow mode",
            log ->
                Files.writeString(
                    log.policy.resolve("a.yaml"), "version: 1\nmode: shadow\nrules: []\n"),
            "signed"),
        new Attack(
            "shadow mode in the signed file",
            log -> Files.writeString(log.policy.resolve("rules.yaml"), REFUSES + "mode: shadow\n"),
            "signed"),
        new Attack(
            "the rules replaced by a link",
            log -> {
              Files.delete(log.policy.resolve("rules.yaml"));
              Files.createSymbolicLink(
                  log.policy.resolve("rules.yaml"), log.old.resolve("rules.yaml"));
            },
            "rules.yaml|signed"),
        new Attack(
            "policy/ replaced by a link to older rules",
            log -> {
              delete(log.policy);
              Files.createSymbolicLink(log.policy, log.old);
            },
            "number is 1|link"),
        new Attack(
            "older rules under the newer signature",
            log ->
                Files.copy(
                    log.old.resolve("rules.yaml"),
                    log.policy.resolve("rules.yaml"),
                    StandardCopyOption.REPLACE_EXISTING),
            "signed"),
        new Attack(
            "the newer rules under the older signature",
            log ->
                Files.copy(
                    log.old.resolve("policy.sig"),
                    log.policy.resolve("policy.sig"),
                    StandardCopyOption.REPLACE_EXISTING),
            "signed|number"),
        new Attack(
            "a signature of another key under the operator's name and id",
            log -> {
              log.install(log.rules("x", ALLOWS, log.otherKey, log.origin, 3));
              List<String> forged = Files.readAllLines(log.policy.resolve("policy.sig"));
              List<String> own = Files.readAllLines(log.current.resolve("policy.sig"));
              List<String> lines = new ArrayList<>(forged.subList(0, 5));
              lines.add(own.get(5));
              lines.add(forged.get(5));
              Files.writeString(log.policy.resolve("policy.sig"), String.join("\n", lines) + "\n");
            },
            "signature|signed"),
        new Attack(
            "a pipe in place of the signature",
            log -> {
              Files.delete(log.policy.resolve("policy.sig"));
              mkfifo(log.policy.resolve("policy.sig"));
            },
            "policy.sig"),
        new Attack(
            "a signature of 100 MiB",
            log -> {
              try (RandomAccessFile file =
                  new RandomAccessFile(log.policy.resolve("policy.sig").toFile(), "rw")) {
                file.setLength(100 << 20);
              }
            },
            "policy.sig"),
        new Attack(
            "a pipe beside the rules", log -> mkfifo(log.policy.resolve("x.yaml")), "x.yaml"),
        new Attack(
            "a directory beside the rules",
            log -> Files.createDirectory(log.policy.resolve("x.yaml")),
            "x.yaml"),
        new Attack(
            "a file of 2 MiB beside the rules",
            log ->
                Files.writeString(
                    log.policy.resolve("x.yaml"), "# ".repeat(1 << 20) + "\n" + ALLOWS),
            "x.yaml"),
        new Attack(
            "a mistake in the rules",
            log -> Files.writeString(log.policy.resolve("rules.yaml"), "rules: ["),
            "rules.yaml"));
  }

  /** A program that starts during the change. */
  @ParameterizedTest(name = "a start refuses {0}")
  @MethodSource("changes")
  void startKeepsTheRulesOfTheChain(Attack attack) throws Exception {
    int loaded = rows("policy.loaded").size();
    attack.step.carryOut(this);

    Result decided = cli.run("check", Cli.bash("ls"));

    assertThat(decided.exit()).as(decided.out() + decided.err()).isEqualTo(3);
    assertThat(rows("policy.loaded")).hasSize(loaded);
    assertThat(rows("policy.rejected")).hasSize(1);
    assertThat(rows("policy.rejected").get(0).path("payload").toString())
        .containsPattern(attack.reason);
    Result status = cli.run("status");
    assertThat(status.exit()).isEqualTo(1);
    assertThat(status.out()).containsPattern("problem .*(" + attack.reason + ")");
    assertVerified("intact");
  }

  /** One daemon for all changes; each is undone afterwards. */
  @TestFactory
  Stream<DynamicTest> runningDaemonKeepsItsRules() throws Exception {
    String admin = key("admin", "admin");
    daemon = new DaemonProcess(cli);
    return changes().stream()
        .map(
            attack ->
                dynamicTest(
                    "a running daemon refuses " + attack,
                    () -> {
                      try {
                        attack.step.carryOut(this);
                        assertDaemonKeepsItsRules(attack, admin);
                      } finally {
                        install(current);
                      }
                      HttpResponse<String> restored =
                          daemon().post("/v1/policy/reload", admin, "{}");
                      assertThat(restored.statusCode()).as(restored.body()).isEqualTo(200);
                      assertVerified("intact");
                    }));
  }

  private void assertDaemonKeepsItsRules(Attack attack, String admin) throws Exception {
    HttpResponse<String> reload = daemon().post("/v1/policy/reload", admin, "{}");

    assertThat(reload.statusCode()).as(reload.body()).isEqualTo(409);
    assertThat(reload.body()).containsPattern(attack.reason);
    assertThat(daemon().ask("", "ls").path("decision").asString()).isEqualTo("refuse");
    await().atMost(PATIENCE).until(() -> daemon().get("/health/audit", "").statusCode() == 503);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(rows("policy.rejected"))
                    .last()
                    .asString()
                    .containsPattern(attack.reason));
  }

  private DaemonProcess daemon() {
    return Objects.requireNonNull(daemon);
  }

  @Test
  @DisplayName("a change that stays is recorded once, and ends when the rules are restored")
  void lastingChangeIsRecordedOnce() throws Exception {
    String admin = key("admin", "admin");
    daemon = new DaemonProcess(cli);
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);

    for (int i = 0; i < 20; i++) {
      assertThat(daemon.post("/v1/policy/reload", admin, "{}").statusCode()).isEqualTo(409);
    }

    install(current);
    assertThat(daemon.post("/v1/policy/reload", admin, "{}").statusCode()).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> daemon.get("/health/audit", "").statusCode() == 200);
    assertThat(rows("policy.rejected")).hasSize(1);
    assertThat(exit("ls")).isEqualTo(3);
    assertVerified("intact");
  }

  @Test
  @DisplayName("a daemon notices changed rules by itself and refuses them")
  void daemonRefusesUnaided() throws Exception {
    daemon = new DaemonProcess(cli);
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);

    await().atMost(PATIENCE).until(() -> !rows("policy.rejected").isEmpty());

    assertThat(daemon.ask("", "ls").path("decision").asString()).isEqualTo("refuse");
    assertThat(daemon.get("/health/audit", "").body()).contains("policy");
  }

  @Test
  @DisplayName("nobody without the role of an operator has the policy loaded")
  void reloadNeedsACredential() throws Exception {
    String reader = key("reader", "reader");
    String agent = key("bot", "agent");
    daemon = new DaemonProcess(cli);
    Path newer = rules("newer", ALLOWS, key, origin, 3);
    delete(policy);

    assertThat(daemon.post("/v1/policy/reload", "", "{}").statusCode()).isEqualTo(401);
    assertThat(daemon.post("/v1/policy/reload", reader, "{}").statusCode()).isEqualTo(403);
    assertThat(daemon.post("/v1/policy/reload", agent, "{}").statusCode()).isEqualTo(403);
    assertThat(daemon.postOnSocket("/v1/policy/reload", "{}")).contains("401");
    assertThat(newer).exists();
  }

  private String key(String name, String role) {
    return cli.run("api-keys", "create", name, "--role", role, "--output", "json")
        .ok()
        .json()
        .path("key")
        .asString();
  }

  @Test
  @DisplayName("the operator's own change to shadow mode comes into force and is on record")
  void changeOfModeIsOnRecord() throws Exception {
    install(rules("shadow", REFUSES + "mode: shadow\n", key, origin, 3));

    assertThat(exit("ls")).isZero();

    assertThat(rows("policy.mode")).last().asString().contains("R1");
    assertThat(exit("ls")).isZero();
    assertThat(rows("policy.mode")).hasSize(1);
    assertVerified("intact");
  }

  static List<List<String>> options() {
    return List.of(
        List.of("check", "--policy", "old", Cli.bash("ls")),
        List.of("gate", "--policy", "old"),
        List.of("hook", "claude-code", "--policy", "old"),
        List.of("mcp", "--policy", "old"),
        List.of("mcp-gateway", "--name", "s", "--policy", "old", "--", "true"),
        List.of("serve", "--listen", "127.0.0.1:0", "--socket", "off", "--policy", "old"));
  }

  @ParameterizedTest(name = "no option chooses other rules: {0}")
  @MethodSource("options")
  void optionChoosesNoRules(List<String> words) {
    long before = lastRow();

    Result result = cli.runOn(Cli.line("agent:a", Cli.bash("ls")), absolute(words));

    assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(2);
    assertThat(result.out()).doesNotContain("allow");
    assertThat(lastRow()).isEqualTo(before);
  }

  private String[] absolute(List<String> words) {
    return words.stream()
        .map(word -> word.equals("old") ? old.toString() : word)
        .toArray(String[]::new);
  }

  private long lastRow() {
    return cli.run("log", "verify", "--output", "json").json().path("rows").asLong();
  }

  @Test
  @DisplayName("the environment chooses no other rules")
  void environmentChoosesNoRules() throws Exception {
    Path settings =
        Files.writeString(directory.resolve("serve.yaml"), "policy: %s\n".formatted(old));
    ChildJvm check =
        cli.process(
            Cli.launcher()
                .environment(
                    Map.of(
                        "INDELIBLE_POLICY", old.toString(),
                        "INDELIBLE_RULES", old.toString(),
                        "INDELIBLE_MODE", "shadow",
                        "INDELIBLE_OPERATOR", otherVkey,
                        "INDELIBLE_CONFIG", settings.toString())),
            "check",
            Cli.bash("ls"));

    assertThat(check.exitCode()).isEqualTo(3);
    assertThat(cli.run("serve", "--config", settings.toString(), "--listen", "127.0.0.1:0").exit())
        .isEqualTo(2);
  }

  @Test
  @DisplayName("a log of the agent's own does not pass for this one")
  void otherLogIsNotThisOne() throws Exception {
    String log = cli.run("keys", "export", "--format", "vkey").ok().out().strip();
    Cli own = new Cli(directory.resolve("own"));
    Files.createDirectories(own.data().resolve("policy"));
    Files.writeString(own.data().resolve("policy/rules.yaml"), ALLOWS);
    own.run("check", Cli.bash("ls")).ok();

    assertThat(own.run("log", "verify").exit()).isZero();
    assertThat(own.run("log", "verify", "--key", log).exit()).isIn(1, 3);
  }

  @Test
  @DisplayName("another operator is not recorded without a signature of the one before")
  void otherOperatorIsRefused() {
    assertThat(cli.run("policy", "trust", otherVkey).complaint(2)).contains("did not sign");
    assertThat(rows("policy.operator")).hasSize(1);
    assertVerified("intact");
  }

  @Test
  @DisplayName("another operator that signs itself is not recorded")
  void selfSignedOperatorIsRefused() throws Exception {
    assertThat(trustSigned(otherVkey, otherKey, otherVkey, origin).exit()).isNotZero();
    assertThat(rows("policy.operator")).hasSize(1);
  }

  @Test
  @DisplayName("the operator's signature of one key does not introduce another")
  void signatureIntroducesOneKey() throws Exception {
    String third = keygen(directory.resolve("third.pem"), "ops.example");

    assertThat(trustSigned(third, key, otherVkey, origin).exit()).isNotZero();
    assertThat(rows("policy.operator")).hasSize(1);
  }

  @Test
  @DisplayName("the operator's signature for another log introduces no key")
  void signatureForAnotherLogIntroducesNoKey() throws Exception {
    assertThat(trustSigned(otherVkey, key, otherVkey, "other.example/log").exit()).isNotZero();
    assertThat(rows("policy.operator")).hasSize(1);
  }

  @Test
  @DisplayName("a signature of a policy introduces no key")
  void signatureOfAPolicyIntroducesNoKey() {
    String signature = current.resolve("policy.sig").toString();
    assertThat(cli.run("policy", "trust", otherVkey, "--signed", signature).exit()).isNotZero();
    assertThat(rows("policy.operator")).hasSize(1);
  }

  /** Trusts {@code vkey} with a note in which {@code signer} introduces {@code introduced}. */
  private Result trustSigned(String vkey, Path signer, String introduced, String log) {
    Path note = directory.resolve("next.sig");
    Cli.runWithoutData(
            "policy",
            "sign",
            "--next-operator",
            introduced,
            "--key",
            signer.toString(),
            "--origin",
            log,
            "--out",
            note.toString())
        .ok();
    return cli.run("policy", "trust", vkey, "--signed", note.toString());
  }

  @Test
  @DisplayName("the rules in force outlive the change of the operator, and a start")
  void rulesOutliveTheirOperator() throws Exception {
    String third = keygen(directory.resolve("third.pem"), "third.example");
    assertThat(trustSigned(third, key, third, origin).exit()).isZero();

    assertThat(exit("ls")).isEqualTo(3);
    assertThat(rows("policy.rejected")).isEmpty();
    assertVerified("intact");
  }

  @Test
  @DisplayName("the operator before signs no more rules")
  void earlierOperatorSignsNothing() throws Exception {
    String third = keygen(directory.resolve("third.pem"), "third.example");
    assertThat(trustSigned(third, key, third, origin).exit()).isZero();
    install(rules("late", ALLOWS, key, origin, 3));

    assertThat(exit("ls")).isEqualTo(3);

    assertThat(rows("policy.rejected")).isNotEmpty();
    assertVerified("intact");
  }

  @Test
  @DisplayName("the log's own key is no operator's key, whatever its name")
  void keyOfTheLogIsNoOperators() {
    String own = cli.run("keys", "export", "--format", "vkey", "--name", "x").ok().out().strip();
    Cli fresh = new Cli(directory.resolve("before-trust"));

    assertThat(fresh.run("policy", "trust", own).complaint(2)).contains("key of this log");
    assertThat(cli.run("policy", "trust", own).exit()).isEqualTo(2);
    assertThat(rows("policy.operator")).hasSize(1);
  }

  @Test
  @DisplayName("without the log's key nobody records an operator")
  void operatorNeedsTheKeyOfTheLog() throws Exception {
    Cli fresh = new Cli(directory.resolve("before-trust"));
    delete(fresh.data().resolve("keys"));

    assertThat(fresh.run("policy", "trust", otherVkey).exit()).isNotZero();
    assertThat(fresh.run("status").out()).doesNotContain(otherVkey);
  }

  @Test
  @DisplayName("a row of another operator in the database is not trusted, and is found")
  void forgedOperatorRowIsFound() throws Exception {
    sql(
        "CREATE TEMP TABLE forged AS SELECT * FROM signed_events WHERE event_type ="
            + " 'policy.operator'",
        ("UPDATE forged SET sequence = (SELECT max(sequence) + 1 FROM signed_events), id ="
                + " '0198c7e2-0000-7000-8000-000000000000', payload = replace(payload, '%s', '%s')")
            .formatted(vkey, otherVkey),
        "INSERT INTO signed_events SELECT * FROM forged");
    install(rules("x", ALLOWS, otherKey, origin, 3));

    assertThat(exit("ls")).isNotZero();

    assertVerified("broken");
  }

  @Test
  @DisplayName("the row of the operator changed in the database is found, and trusts nobody")
  void changedOperatorRowIsFound() throws Exception {
    sql(
        "UPDATE signed_events SET payload = replace(payload, '%s', '%s') WHERE event_type ="
                .formatted(vkey, otherVkey)
            + " 'policy.operator'");
    install(rules("x", ALLOWS, otherKey, origin, 3));

    assertThat(exit("ls")).isNotZero();

    assertVerified("broken");
  }

  @Test
  @DisplayName("the operator's row and all later ones deleted: unsigned rules stay refused")
  void deletedOperatorRowIsFound() throws Exception {
    sql(
        "DELETE FROM signed_events WHERE sequence >= (SELECT min(sequence) FROM signed_events"
            + " WHERE event_type = 'policy.operator')");
    delete(policy);
    Files.createDirectories(policy);
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);

    assertThat(exit("ls")).isNotZero();

    assertVerified("broken");
  }

  @Test
  @DisplayName("the database deleted: no fresh log begins in its place")
  void deletedDatabaseIsFound() throws Exception {
    for (String suffix : List.of("", "-wal", "-shm")) {
      Files.deleteIfExists(cli.data().resolve("indelible.db" + suffix));
    }
    delete(policy);
    Files.createDirectories(policy);
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);

    assertThat(exit("ls")).isNotZero();

    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
  }

  @Test
  @DisplayName("the database of a fork with another operator is found")
  void forkedDatabaseIsFound() throws Exception {
    Cli fork = new Cli(directory.resolve("before-trust"));
    fork.run("policy", "trust", otherVkey).ok();
    fork.run("check", Cli.bash("pwd"));
    for (String suffix : List.of("", "-wal", "-shm")) {
      Path file = cli.data().resolve("indelible.db" + suffix);
      Files.deleteIfExists(file);
      if (Files.exists(fork.data().resolve("indelible.db" + suffix))) {
        Files.copy(fork.data().resolve("indelible.db" + suffix), file);
      }
    }

    assertVerified("broken");
  }

  @Test
  @DisplayName("the whole data directory rolled back to before the key: an auditor finds it")
  void rollbackIsFoundFromOutside() throws Exception {
    cli.run("log", "export", directory.resolve("auditor").toString()).ok();
    delete(cli.data());
    copy(directory.resolve("before-trust"), cli.data());
    assertThat(exit("ls")).isZero();

    String checkpoint = directory.resolve("auditor/checkpoint").toString();
    assertThat(cli.run("log", "verify", "--anchor", checkpoint).exit()).isEqualTo(1);
    assertThat(cli.run("log", "verify", "--since", checkpoint).exit()).isEqualTo(1);
  }

  @ParameterizedTest(name = "an action that imitates an event records only a decision: {0}")
  @ValueSource(strings = {"policy.operator", "policy.loaded", "approval.granted"})
  void imitatedEventIsOnlyADecision(String type) throws Exception {
    String action =
        "{\"kind\":\"custom\",\"custom_kind\":\"%s\",\"payload\":{\"details\":{\"vkey\":\"%s\"}}}"
            .formatted(type, otherVkey);
    int before = rows(type).size();

    cli.run("check", action);

    assertThat(rows(type)).hasSize(before);
    install(rules("x", ALLOWS, otherKey, origin, 3));
    assertThat(exit("ls")).isEqualTo(3);
    assertVerified("intact");
  }

  @Test
  @DisplayName("a planted keys/operator.vkey trusts nobody beside the chain")
  void plantedCopyOfTheKeyIsIgnored() throws Exception {
    Files.writeString(cli.data().resolve("keys/operator.vkey"), otherVkey + "\n");
    install(rules("x", ALLOWS, otherKey, origin, 3));

    assertThat(exit("ls")).isEqualTo(3);
  }

  @Test
  @DisplayName("keys/operator.vkey deleted: the chain still demands signatures")
  void deletedCopyOfTheKeyChangesNothing() throws Exception {
    Files.delete(cli.data().resolve("keys/operator.vkey"));
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);

    assertThat(exit("ls")).isEqualTo(3);
    assertVerified("intact");
  }

  @Test
  @DisplayName("a program's start while the database is locked keeps demanding signatures")
  void unreadableLedgerWeakensNothing() throws Exception {
    Files.writeString(policy.resolve("rules.yaml"), ALLOWS);
    Files.delete(policy.resolve("policy.sig"));
    try (Connection locked = connect();
        Statement statement = locked.createStatement()) {
      statement.execute("BEGIN EXCLUSIVE");
      assertThat(exit("ls")).isNotZero();
      statement.execute("ROLLBACK");
    }
    assertVerified("intact");
  }

  @Test
  @DisplayName("without an operator's key, changed rules count, and are on record with their text")
  void unsignedRulesAreOnRecord() throws Exception {
    Cli free = new Cli(directory.resolve("before-trust"));
    Files.writeString(free.data().resolve("policy/rules.yaml"), REFUSES);

    assertThat(free.run("check", Cli.bash("ls")).exit()).isEqualTo(3);

    assertThat(free.run("log", "list", "--type", "policy.loaded", "--output", "json").jsonLines())
        .hasSize(2)
        .last()
        .asString()
        .contains("nothing is listed");
  }

  private Connection connect() throws Exception {
    return DriverManager.getConnection("jdbc:sqlite:" + cli.data().resolve("indelible.db"));
  }

  /** Changes the database as an attacker does, on one connection. */
  private void sql(String... statements) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
