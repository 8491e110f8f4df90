// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.ApprovalException;
import dev.indelible.Approvals.Approver;
import dev.indelible.Indelible;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.cli.Cli.Result;
import dev.indelible.crypto.SigningKey;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Attacks on approvals, by the agent, by a person without the right to approve, and by whoever has
 * an old approval. They were listed from the documentation alone. A rule escalates {@code make},
 * and alice may approve.
 */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
@Tag("any-jdk")
class ApprovalAttackTest {
  private static final String ACTION = Cli.bash("make deploy");
  private static final int PERMITTED = 0;
  private static final int REFUSED = 3;
  private static final int ESCALATED = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String RULES =
      """
      version: 1
      %s
      rules:
        - id: ask
          severity: escalate
          reason: deployments wait for a person
          when: {command: make}
        - id: ask-tool
          severity: escalate
          reason: this tool waits for a person
          when: {tool: mcp__s__deploy}
        - id: never
          severity: refuse
          reason: nothing is listed
          when: {command: ls}
      """;

  private final SigningKey aliceKey = SigningKey.generate();
  private final NoteSigner alice = NoteSigner.of("alice", aliceKey);

  @TempDir Path directory;
  private Cli cli;
  private Path key;
  private @Nullable DaemonProcess daemon;

  @BeforeEach
  void writePolicyAndKey() throws Exception {
    cli = new Cli(directory.resolve("data"));
    key = writeKey("alice.pem", aliceKey);
    Files.createDirectories(cli.data().resolve("policy"));
    writeRules("approvers: [\"%s\"]".formatted(alice.verifierKey().vkey()));
    cli.run("check", Cli.bash("true")).ok();
  }

  @AfterEach
  void stopDaemon() throws Exception {
    if (daemon != null) {
      daemon.stop();
    }
  }

  private Path writeKey(String name, SigningKey signer) throws IOException {
    Path file = Files.writeString(directory.resolve(name), signer.toPem());
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private void writeRules(String approvers) throws IOException {
    Files.writeString(cli.data().resolve("policy/rules.yaml"), RULES.formatted(approvers));
  }

  private int ask(String action) {
    return cli.runOn(action, "check").exit();
  }

  /** Has an action escalated, and returns the request's id. */
  private String escalate(String action) {
    Result asked = cli.runOn(action, "check", "--output", "json");
    assertThat(asked.exit()).as(asked.out() + asked.err()).isEqualTo(ESCALATED);
    return asked.json().path("id").asString();
  }

  private Result approve(String id, String... more) {
    return answer("approve", id, key, more);
  }

  /** Approves a request whose row the daemon or gate may not have appended yet. */
  private void approveSoon(String id) {
    await().atMost(PATIENCE).until(() -> !isMissing(id));
    approve(id).ok();
  }

  private boolean isMissing(String id) {
    return cli.rows().stream().noneMatch(row -> row.path("id").asString().equals(id));
  }

  private Result answer(String verb, String id, Path with, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("approvals", verb, id, "--key", with.toString(), "--reason", "planned"));
    words.addAll(List.of(more));
    return cli.run(words.toArray(String[]::new));
  }

  private List<JsonNode> rows(String type) {
    return cli.run("log", "list", "--type", type, "--output", "json").jsonLines();
  }

  private List<JsonNode> uses() {
    return cli.rows().stream().filter(row -> row.path("payload").has("approval")).toList();
  }

  private void assertIntact() {
    Result verified = cli.run("log", "verify");
    assertThat(verified.exit()).as(verified.out()).isZero();
  }

  /** Asserts that no answer is on record, and that the log is intact. */
  private void assertNothingGranted() {
    assertThat(rows("approval.granted")).isEmpty();
    assertIntact();
  }

  @Test
  @DisplayName("an approval that was used is of no use to a third attempt")
  void approvalIsNotReplayed() {
    approve(escalate(ACTION)).ok();
    assertThat(ask(ACTION)).isEqualTo(PERMITTED);

    assertThat(ask(ACTION)).isEqualTo(ESCALATED);

    assertThat(uses()).hasSize(1);
    assertIntact();
  }

  @Test
  @DisplayName("an approval for one agent is of no use to another, and stays for the first")
  void approvalIsForOneAgent() {
    approve(escalate(ACTION)).ok();

    assertThat(cli.run("check", "--agent", "agent:other", ACTION).exit()).isEqualTo(ESCALATED);

    assertThat(ask(ACTION)).isEqualTo(PERMITTED);
    assertThat(uses()).hasSize(1);
    assertIntact();
  }

  @Test
  @DisplayName("an approval that has expired in between permits nothing, and the reason says so")
  void approvalExpires() {
    approve(escalate(ACTION), "--for", "1s").ok();
    Instant expires =
        Instant.parse(rows("approval.granted").get(0).at("/payload/details/expires").asString());
    await().atMost(PATIENCE).until(() -> Instant.now().isAfter(expires));

    Result late = cli.run("check", ACTION);

    assertThat(late.exit()).isEqualTo(ESCALATED);
    assertThat(late.out()).contains("expired");
    assertThat(uses()).isEmpty();
    assertIntact();
  }

  @Test
  @DisplayName("the credential that asked does not approve")
  void credentialDoesNotApproveItsOwnRequest() throws Exception {
    String bot = createKey("bot", "admin");
    daemon = new DaemonProcess(cli);
    String id = daemon.ask(bot, "make deploy").path("id").asString();
    await().atMost(PATIENCE).until(() -> !isMissing(id));
    // The road over HTTP, whether or not it is offered.
    int status =
        daemon
            .post("/v1/approvals/" + id, bot, "{\"decision\":\"approve\",\"reason\":\"my own\"}")
            .statusCode();
    assertThat(status).isIn(403, 404);

    try (Indelible log = Indelible.open(cli.data())) {
      assertThatThrownBy(
              () ->
                  log.approvals()
                      .grant(
                          id,
                          new Approver.Credential("key:bot", Optional.empty()),
                          Duration.ofMinutes(1),
                          "my own"))
          .isInstanceOf(ApprovalException.class)
          .hasMessageContaining("own request");
      assertThatThrownBy(
              () ->
                  log.approvals()
                      .grant(
                          id,
                          new Approver.Credential("key:b", Optional.of("agent:cli")),
                          Duration.ofMinutes(1),
                          "the agent's other key"))
          .isInstanceOf(ApprovalException.class)
          .hasMessageContaining("own request");
    }
    assertNothingGranted();
  }

  private String createKey(String name, String role) {
    return cli.run("api-keys", "create", name, "--role", role, "--output", "json")
        .ok()
        .json()
        .path("key")
        .asString();
  }

  @Test
  @DisplayName("without the role of an approver nobody answers over HTTP or the socket")
  void answerNeedsTheRole() throws Exception {
    String reader = createKey("reader", "reader");
    String agent = createKey("bot", "agent");
    String operator = createKey("operator", "operator");
    daemon = new DaemonProcess(cli);
    String id = daemon.ask("", "make deploy").path("id").asString();
    String answer = "{\"decision\":\"approve\",\"reason\":\"please\"}";

    for (String path : List.of("/v1/approvals/" + id, "/v1/approvals/" + id + "/approve")) {
      for (String bearer : List.of("", reader, agent, operator)) {
        assertThat(daemon.post(path, bearer, answer).statusCode())
            .as(path)
            .isIn(bearer.isEmpty() ? List.of(401, 404) : List.of(403, 404));
      }
      assertThat(daemon.postOnSocket(path, answer)).containsPattern("401|404");
    }

    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("escalate");
    assertNothingGranted();
  }

  @Test
  @DisplayName("no tool of the MCP server answers a request")
  void noToolAnswers() throws Exception {
    String admin = createKey("admin", "admin");
    daemon = new DaemonProcess(cli);
    String id = daemon.ask("", "make deploy").path("id").asString();
    String tools =
        daemon
            .post("/mcp", admin, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}")
            .body();
    List<String> names = new ArrayList<>();
    Cli.json(tools).at("/result/tools").forEach(tool -> names.add(tool.path("name").asString()));

    assertThat(names)
        .as(tools)
        .contains("gate_check")
        .noneMatch(name -> name.contains("approve") || name.contains("deny"));
    for (String name : List.of("approve", "gate_approve", "approvals_approve")) {
      String call =
          "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
              + "\"arguments\":{\"id\":\"%s\",\"reason\":\"x\"}}}";
      assertThat(daemon.post("/mcp", admin, call.formatted(name, id)).body()).contains("rror");
    }
    assertNothingGranted();
  }

  @Test
  @DisplayName("of two processes that ask at the same time, one gets the approval")
  void oneOfTwoProcessesGetsTheApproval() throws Exception {
    String line =
        Cli.line("agent:cli", "{\"kind\":\"custom\",\"custom_kind\":\"x\",\"payload\":{}}");
    ChildJvm first = cli.process("gate", "--output", "json");
    ChildJvm second = cli.process("gate", "--output", "json");
    for (ChildJvm gate : List.of(first, second)) {
      gate.writeLine(line.strip());
      gate.readLine();
    }
    String deploy = Cli.line("agent:cli", ACTION).strip();
    first.writeLine(deploy);
    approveSoon(Cli.json(first.readLine()).path("id").asString());

    List<String> verdicts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      first.writeLine(deploy);
      second.writeLine(deploy);
    }
    for (int i = 0; i < 4; i++) {
      verdicts.add(Cli.json(first.readLine()).path("decision").asString());
      verdicts.add(Cli.json(second.readLine()).path("decision").asString());
    }

    assertThat(verdicts).hasSize(8).containsOnlyOnce("warn").contains("escalate");
    for (ChildJvm gate : List.of(first, second)) {
      gate.closeInput();
      assertThat(gate.exitCode()).isZero();
    }
    assertThat(uses()).hasSize(1);
    assertIntact();
  }

  @ParameterizedTest(name = "a retry that differs is another action: {0}")
  @ValueSource(
      strings = {
        "{\"kind\":\"bash\",\"command\":\"make deploy\",\"cwd\":\"/tmp\",\"home\":\"/root\"}",
        "{\"kind\":\"bash\",\"command\":\"make  deploy\",\"cwd\":\"/srv\",\"home\":\"/root\"}",
        "{\"kind\":\"bash\",\"command\":\"make deploy \",\"cwd\":\"/srv\",\"home\":\"/root\"}",
        "{\"kind\":\"bash\",\"command\":\"make deploy\",\"cwd\":\"/srv/\",\"home\":\"/root\"}",
        "{\"kind\":\"bash\",\"command\":\"make deploy\",\"cwd\":\"/srv\",\"home\":\"/home/x\"}",
        "{\"kind\":\"bash\",\"command\":\"make"
            + " deploy\",\"cwd\":\"/srv\",\"home\":\"/root\",\"shell\":\"bash\"}",
        "{\"kind\":\"bash\",\"command\":\"make deploy # ok\",\"cwd\":\"/srv\",\"home\":\"/root\"}",
        "{\"kind\":\"process_spawn\",\"binary\":\"make\",\"args\":[\"deploy\"]}"
      })
  void otherActionIsNotApproved(String action) {
    String asked =
        "{\"kind\":\"bash\",\"command\":\"make deploy\",\"cwd\":\"/srv\",\"home\":\"/root\"}";
    approve(escalate(asked)).ok();

    assertThat(ask(action)).isEqualTo(ESCALATED);

    assertThat(ask(asked)).isEqualTo(PERMITTED);
    assertIntact();
  }

  @Test
  @DisplayName("a refusal cannot be approved")
  void refusalIsNotApproved() {
    Result refused = cli.run("check", "--output", "json", Cli.bash("ls"));
    assertThat(refused.exit()).isEqualTo(REFUSED);

    assertThat(approve(refused.json().path("id").asString()).complaint(1)).contains("escalat");

    assertThat(ask(Cli.bash("ls"))).isEqualTo(REFUSED);
    assertNothingGranted();
  }

  @Test
  @DisplayName("a colleague whose key the policy does not name cannot approve, under any name")
  void otherKeyDoesNotApprove() throws Exception {
    String id = escalate(ACTION);
    Path other = writeKey("other.pem", SigningKey.generate());

    assertThat(answer("approve", id, other).complaint(2)).contains("does not name this key");

    NoteSigner forger = NoteSigner.of("alice", SigningKey.generate());
    try (Indelible log = Indelible.open(cli.data())) {
      assertThatThrownBy(
              () ->
                  log.approvals()
                      .grant(id, new Approver.Key(forger), Duration.ofMinutes(1), "planned"))
          .isInstanceOf(ApprovalException.class);
    }
    assertThat(ask(ACTION)).isEqualTo(ESCALATED);
    assertNothingGranted();
  }

  @Test
  @DisplayName("the log's own key does not approve as a signer")
  void keyOfTheLogDoesNotApprove() throws Exception {
    String id = escalate(ACTION);
    try (Stream<Path> files = Files.list(cli.data().resolve("keys"))) {
      for (Path file : files.filter(file -> file.toString().endsWith(".pem")).toList()) {
        assertThat(answer("approve", id, file).exit()).as(file.toString()).isNotZero();
      }
    }
    assertNothingGranted();
  }

  @Test
  @DisplayName("the approval of a person whom the policy no longer names permits nothing")
  void removedApproverDoesNotCount() throws Exception {
    approve(escalate(ACTION)).ok();
    writeRules("");

    Result retry = cli.run("check", ACTION);

    assertThat(retry.exit()).isEqualTo(ESCALATED);
    assertThat(uses()).isEmpty();
    assertIntact();
  }

  @Test
  @DisplayName("files planted in approvals/ permit nothing")
  void plantedFilePermitsNothing() throws Exception {
    Path granted = cli.data().resolve("approvals/granted");
    approve(escalate(ACTION)).ok();
    Path file = only(granted);
    String used = file.getFileName().toString();
    assertThat(ask(ACTION)).isEqualTo(PERMITTED);
    // The name of the approval that was used, a made-up event, and the approval of another action.
    String subject = used.substring(0, used.indexOf('.'));
    String event = used.substring(used.indexOf('.') + 1);
    Files.writeString(granted.resolve(used), "");
    Files.writeString(granted.resolve(subject + ".0198c7e2-0000-7000-8000-000000000000"), "");
    Files.writeString(granted.resolve(subject + "."), "");
    assertThat(ask(ACTION)).isEqualTo(ESCALATED);

    String other = Cli.bash("make clean");
    Path foreign = copyOfData("fork");
    Cli fork = new Cli(foreign);
    String id = fork.runOn(other, "check", "--output", "json").json().path("id").asString();
    fork.run("approvals", "approve", id, "--key", key.toString(), "--reason", "x").ok();
    assertThat(ask(other)).isEqualTo(ESCALATED);
    try (Stream<Path> files = Files.list(foreign.resolve("approvals/granted"))) {
      for (Path planted : files.toList()) {
        String name = planted.getFileName().toString();
        Files.copy(planted, granted.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(granted.resolve(name.substring(0, name.indexOf('.') + 1) + event), "");
      }
    }

    assertThat(ask(other)).isEqualTo(ESCALATED);
    assertThat(uses()).hasSize(1);
    assertIntact();
  }

  private static Path only(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList().get(0);
    }
  }

  private Path copyOfData(String name) throws IOException {
    Path copy = directory.resolve(name);
    try (Stream<Path> files = Files.walk(cli.data())) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            copy.resolve(cli.data().relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return copy;
  }

  @Test
  @DisplayName("the marker of a used approval deleted: the verifier finds the second use")
  void secondUseIsFound() throws Exception {
    approve(escalate(ACTION)).ok();
    Path granted = only(cli.data().resolve("approvals/granted"));
    byte[] content = Files.readAllBytes(granted);
    assertThat(ask(ACTION)).isEqualTo(PERMITTED);
    Files.delete(only(cli.data().resolve("approvals/used")));
    Files.write(granted, content);

    int second = ask(ACTION);

    assertThat(second).isIn(PERMITTED, ESCALATED);
    Result verified = cli.run("log", "verify");
    assertThat(verified.exit()).as(verified.out()).isEqualTo(second == PERMITTED ? 1 : 0);
    assertThat(verified.out())
        .containsPattern(second == PERMITTED ? "approvals +broken" : "approvals +ok");
  }

  @Test
  @DisplayName("a restart of the daemon neither loses an approval nor uses it twice")
  void restartKeepsTheApproval() throws Exception {
    daemon = new DaemonProcess(cli);
    approveSoon(daemon.ask("", "make deploy").path("id").asString());
    daemon.stop();
    daemon = new DaemonProcess(cli);

    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("warn");
    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("escalate");
  }

  @Test
  @DisplayName("a daemon killed right after its answer has used the approval up")
  void killedDaemonHasUsedTheApproval() throws Exception {
    daemon = new DaemonProcess(cli);
    approveSoon(daemon.ask("", "make deploy").path("id").asString());
    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("warn");
    daemon.kill();
    daemon = new DaemonProcess(cli);

    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("escalate");
    assertThat(uses()).hasSize(1);
  }

  @Test
  @DisplayName("the note of one approval answers no other request")
  void noteIsForOneRequest() throws Exception {
    approve(escalate(ACTION)).ok();
    String note = rows("approval.granted").get(0).at("/payload/details/note").asString();
    String other = escalate(Cli.bash("make clean"));
    assertThat(ask(ACTION)).isEqualTo(PERMITTED);
    String again = escalate(ACTION);

    for (String request : List.of(other, again)) {
      assertRefused(request, note);
    }
    assertThat(rows("approval.granted")).hasSize(1);
    assertIntact();
  }

  private void assertRefused(String request, String note) throws Exception {
    try (Indelible log = Indelible.open(cli.data())) {
      assertThatThrownBy(
              () ->
                  log.approvals()
                      .resolve(request, SignedNote.parse(note.getBytes(StandardCharsets.UTF_8))))
          .isInstanceOf(Exception.class)
          .extracting(Object::getClass)
          .asString()
          .contains("dev.indelible");
    }
  }

  @Test
  @DisplayName("a signed denial does not become an approval, nor a short one a long one")
  void alteredNoteIsRefused() throws Exception {
    Cli fork = new Cli(directory.resolve("fork"));
    String id = escalate(ACTION);
    copyOfData("fork");
    fork.run("approvals", "deny", id, "--key", key.toString(), "--reason", "no").ok();
    String denial = note(fork, "approval.denied");
    assertThat(denial).contains("\"deny\"");

    assertRefused(id, denial.replace("\"deny\"", "\"approve\""));

    Cli second = new Cli(directory.resolve("second"));
    copyOfData("second");
    second.run("approvals", "approve", id, "--key", key.toString(), "--reason", "no").ok();
    String approval = note(second, "approval.granted");
    assertRefused(id, approval.replace("\"expires\":\"2", "\"expires\":\"3"));
    assertRefused(id, approval.replace("agent:cli", "agent:x"));
    assertNothingGranted();
  }

  private static String note(Cli log, String type) {
    return log.run("log", "list", "--type", type, "--output", "json")
        .jsonLines()
        .get(0)
        .at("/payload/details/note")
        .asString();
  }

  @Test
  @DisplayName("a note that alice signed for another log answers nothing here")
  void noteIsForOneLog() throws Exception {
    String id = escalate(ACTION);
    Cli other = new Cli(directory.resolve("other"));
    Files.createDirectories(other.data().resolve("policy"));
    Files.copy(cli.data().resolve("policy/rules.yaml"), other.data().resolve("policy/rules.yaml"));
    String theirs = other.runOn(ACTION, "check", "--output", "json").json().path("id").asString();
    other.run("approvals", "approve", theirs, "--key", key.toString(), "--reason", "x").ok();

    assertRefused(id, note(other, "approval.granted"));

    assertNothingGranted();
  }

  @Test
  @DisplayName("a request is answered once")
  void requestIsAnsweredOnce() {
    String denied = escalate(ACTION);
    answer("deny", denied, key).ok();
    assertThat(approve(denied).complaint(1)).contains("already");
    String approved = escalate(Cli.bash("make clean"));
    approve(approved).ok();
    assertThat(approve(approved).complaint(1)).contains("already");
    assertThat(answer("deny", approved, key).complaint(1)).contains("already");

    assertThat(ask(ACTION)).isEqualTo(ESCALATED);
    assertIntact();
  }

  @Test
  @DisplayName("a request whose payload was erased cannot be approved")
  void erasedRequestIsNotApproved() {
    String id = escalate(ACTION);
    cli.run("log", "erase-payload", id, "--reason", "cover up").ok();

    assertThat(approve(id).complaint(1)).contains("erased");

    assertThat(ask(ACTION)).isEqualTo(ESCALATED);
    assertNothingGranted();
  }

  @Test
  @DisplayName("an action that is recorded as a stub cannot be approved")
  void stubIsNotApproved() {
    Result asked =
        cli.runOn(Cli.bash("make deploy # " + "x".repeat(2 << 20)), "check", "--output", "json");
    assertThat(asked.exit()).as(asked.err()).isIn(REFUSED, ESCALATED);

    assertThat(approve(asked.json().path("id").asString()).exit()).isEqualTo(1);

    assertNothingGranted();
  }

  @Test
  @DisplayName("an approval forged in the database permits nothing, and is found")
  void forgedApprovalRowIsFound() throws Exception {
    String first = escalate(ACTION);
    approve(first).ok();
    String other = Cli.bash("make clean");
    String second = escalate(other);
    Cli fork = new Cli(copyOfData("fork"));
    fork.run("approvals", "approve", second, "--key", key.toString(), "--reason", "x").ok();
    String forged = "0198c7e2-0000-7000-8000-000000000000";
    try (Stream<Path> files = Files.list(fork.data().resolve("approvals/granted"))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        Files.writeString(
            cli.data()
                .resolve("approvals/granted")
                .resolve(name.substring(0, name.indexOf('.') + 1) + forged),
            "");
      }
    }
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + cli.data().resolve("indelible.db"));
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TEMP TABLE forged AS SELECT * FROM signed_events WHERE event_type ="
              + " 'approval.granted'");
      statement.execute(
          ("UPDATE forged SET sequence = (SELECT max(sequence) + 1 FROM signed_events), id = '%s',"
                  + " payload = replace(payload, '%s', '%s')")
              .formatted(forged, first, second));
      statement.execute("INSERT INTO signed_events SELECT * FROM forged");
    }

    assertThat(ask(other)).isNotEqualTo(PERMITTED);

    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
  }

  @Test
  @DisplayName("another secret, or its marker typed by the agent, is another action")
  void otherSecretIsNotApproved() {
    String asked = Cli.bash("make deploy TOKEN=Kq83hVbz71LmPw");
    String id = escalate(asked);
    String recorded = cli.rows().get(1).at("/payload/action/command").asString();
    assertThat(recorded).contains("REDACTED-");
    approve(id).ok();

    assertThat(ask(Cli.bash("make deploy TOKEN=Kq83hVbz71LmPx"))).isEqualTo(ESCALATED);
    assertThat(ask(Cli.bash(recorded))).isEqualTo(ESCALATED);

    assertThat(ask(asked)).isEqualTo(PERMITTED);
    assertIntact();
  }

  @Test
  @DisplayName("a dry run or an explanation uses no approval")
  void dryRunUsesNothing() throws Exception {
    daemon = new DaemonProcess(cli);
    approveSoon(daemon.ask("", "make deploy").path("id").asString());
    cli.run("check", "--dry-run", "--explain", ACTION);
    String explain =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"gate_explain\","
            + "\"arguments\":{\"agent_id\":\"agent:cli\",\"action\":%s}}}";
    assertThat(daemon.post("/mcp", "", explain.formatted(ACTION)).body()).contains("escalate");

    assertThat(daemon.ask("", "make deploy").path("decision").asString()).isEqualTo("warn");
  }

  @ParameterizedTest(name = "an approval without limit or reason is refused: {0}")
  @ValueSource(strings = {"--for 25h", "--for 0s", "--for -1m", "--for 99999999999d"})
  void unboundedApprovalIsRefused(String option) {
    String id = escalate(ACTION);

    assertThat(approve(id, option.split(" ")).exit()).isIn(1, 2);
    assertThat(cli.run("approvals", "approve", id, "--key", key.toString()).exit()).isEqualTo(2);
    assertThat(cli.run("approvals", "approve", id, "--key", key.toString(), "--reason", " ").exit())
        .isIn(1, 2);

    assertThat(ask(ACTION)).isEqualTo(ESCALATED);
    assertNothingGranted();
  }

  @Test
  @DisplayName("what an approver reads has no control characters of the agent")
  void approverSeesNoControlCharacters() {
    String id =
        escalate(
            Cli.bash(
                "make deploy # \\u001b]0;x\\u0007\\u001b[2K\\rgranted by alice\\u202e\\u200b"));

    for (Result shown :
        List.of(
            cli.runOnTerminal("approvals", "list"), cli.runOnTerminal("approvals", "show", id))) {
      assertThat(shown.out())
          .contains("make deploy")
          .doesNotContain("\u001b]0", "\u001b[2K", "\r", "\u202e", "\u200b", "\u0007");
    }
  }

  @Test
  @DisplayName("a tool that has changed since its approval is stopped")
  void changedToolIsNotApproved() throws Exception {
    String call =
        "{\"agent_id\":\"agent:cli\",\"tool_hash\":\"sha256:%s\",\"action\":{\"kind\":\"tool_call\","
            + "\"tool\":\"mcp__s__deploy\",\"arguments\":{}}}";
    daemon = new DaemonProcess(cli);
    JsonNode asked = Cli.json(daemon.post("/v1/check", "", call.formatted("0a".repeat(32))).body());
    approveSoon(asked.path("id").asString());

    JsonNode changed =
        Cli.json(daemon.post("/v1/check", "", call.formatted("0b".repeat(32))).body());

    assertThat(changed.path("decision").asString()).isIn("refuse", "escalate");
    assertThat(uses()).isEmpty();
    assertIntact();
  }

  @Test
  @DisplayName("a tool that has changed since its approval is stopped by the command as well")
  void changedToolIsNotApprovedByTheCommand() {
    String call =
        "{\"agent_id\":\"agent:cli\",\"tool_hash\":\"sha256:%s\",\"action\":{\"kind\":\"tool_call\","
            + "\"tool\":\"mcp__s__deploy\",\"arguments\":{}}}";
    approve(escalate(call.formatted("0a".repeat(32))));

    assertThat(ask(call.formatted("0b".repeat(32)))).isNotEqualTo(ExitCode.OK);
    assertThat(uses()).isEmpty();
  }

  @Test
  @DisplayName("another user reads no key and no approval, and changes nothing")
  void otherUserReadsNothing() throws Exception {
    assumeTrue(
        "root".equals(System.getProperty("user.name")) && Files.exists(Path.of("/usr/bin/setpriv")),
        "needs root and setpriv, to act as a second user");
    createKey("admin", "admin");
    approve(escalate(ACTION)).ok();
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Path> secrets = new ArrayList<>(List.of(key, cli.data().resolve("api-keys.json")));
    try (Stream<Path> files = Files.list(cli.data().resolve("keys"))) {
      files
          .filter(file -> file.toString().endsWith("key") || file.toString().endsWith(".pem"))
          .filter(file -> !file.toString().contains("public"))
          .forEach(secrets::add);
    }
    for (Path secret : secrets) {
      assertThat(asOther("cat", secret.toString())).as(secret.toString()).isNotZero();
    }
    assertThat(asOther("ls", cli.data().resolve("approvals").toString())).isNotZero();
    for (String place : List.of("policy/x.yaml", "approvals/x", "approvals/granted/x", "keys/x")) {
      assertThat(asOther("touch", cli.data().resolve(place).toString())).as(place).isNotZero();
    }
  }

  private static int asOther(String... words) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor();
  }
}
