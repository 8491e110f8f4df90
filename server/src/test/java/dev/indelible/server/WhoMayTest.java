// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.Role;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationReport;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The records of callers: who asked, who read, and which answers are repeated for which caller. */
@Timeout(120)
class WhoMayTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String ANYONE = "";

  @TempDir Path temp;
  private final HttpClient client = HttpClient.newHttpClient();
  private Indelible log;
  private Daemon daemon;
  private KeyText bound;
  private KeyText reader;

  @BeforeEach
  void start() throws Exception {
    log = Indelible.builder(temp.resolve("data")).shutdownHook(false).open();
    bound = key("seven", Grant.of(Set.of(), Optional.of("agent:7")));
    reader = key("auditor", Grant.of(Set.of(Role.READER), Optional.empty()));
    daemon = serve(List.of(), true);
  }

  private KeyText key(String name, Grant grant) throws Exception {
    KeyText text = KeyText.generate();
    try (ApiKeyFile.Change change = keys().change()) {
      change.replace(change.keys().with(ApiKey.of(text, name, grant, Optional.empty())));
    }
    return text;
  }

  private ApiKeyFile keys() {
    return ApiKeyFile.in(temp.resolve("data"));
  }

  private Daemon serve(List<Binding> bindings, boolean recordsReads) throws Exception {
    return Daemon.start(
        log,
        new ServeSettings(
            new InetSocketAddress("127.0.0.1", 0),
            temp.resolve("socket"),
            null,
            new AccessSettings(keys(), Set.of(), bindings, 0, recordsReads, false)));
  }

  @AfterEach
  void stop() {
    daemon.stop();
    log.closeAndFlush(LIMIT);
  }

  private HttpResponse<String> send(String credential, String path, String body, String... more)
      throws Exception {
    URI uri = URI.create(daemon.addresses().get(0) + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(LIMIT);
    if (!credential.isEmpty()) {
      request.header("Authorization", "Bearer " + credential);
    }
    if (!body.isEmpty()) {
      request.header("Content-Type", Response.JSON).POST(BodyPublishers.ofString(body));
    }
    if (more.length > 0) {
      request.headers(more);
    }
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    Contract.requireDescribed(body.isEmpty() ? "GET" : "POST", path, response);
    return response;
  }

  private static String ask(String agent, String command) {
    return "{%s\"action\":{\"command\":\"%s\",\"kind\":\"bash\"}}"
        .formatted(agent.isEmpty() ? "" : "\"agent_id\":\"" + agent + "\",", command);
  }

  /** Waits until all pending events are appended, and returns the rows of a type. */
  private List<ChainRow> rows(String type) throws Exception {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    List<ChainRow> rows = new ArrayList<>();
    Optional<SqliteLedger> there =
        SqliteLedger.openIfThere(temp.resolve("data").resolve("indelible.db"));
    if (there.isPresent()) {
      try (SqliteLedger ledger = there.get()) {
        ledger.forEachRow(
            RowQuery.all(), row -> !row.eventType().startsWith(type) || rows.add(row));
      }
    }
    return rows;
  }

  private static JsonNode payload(ChainRow row) {
    try {
      return CanonicalJson.read(row.payload().orElseThrow());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> agents(List<ChainRow> rows) {
    return rows.stream().map(ChainRow::agentId).toList();
  }

  private static List<String> principals(List<ChainRow> rows) {
    return rows.stream().map(row -> payload(row).path("principal").asString("claimed")).toList();
  }

  @Test
  void principalIsRecordedAndVerifies() throws Exception {
    send(bound.reveal(), "/v1/check", ask("agent:7", "ls"));
    send(reader.reveal(), "/v1/check", ask("agent:8", "ls"));
    send(ANYONE, "/v1/check", ask("agent:7", "ls"));

    List<ChainRow> rows = rows("governance");
    assertThat(agents(rows)).containsExactly("agent:7", "agent:8", "agent:7");
    assertThat(principals(rows)).containsExactly("key:seven", "key:auditor", "claimed");
    assertThat(payload(rows.get(0)).path("v").asInt()).isEqualTo(2);
    assertThat(payload(rows.get(2)).has("v")).as("a payload without optional members").isFalse();
    assertThat(log.log().verify().verdict()).isEqualTo(VerificationReport.Verdict.INTACT);
  }

  @Test
  void credentialSuppliesTheAgentId() throws Exception {
    String key = bound.reveal();
    String hook =
        "{\"session_id\":\"s\",\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\","
            + "\"tool_input\":{\"command\":\"ls\"}}";

    assertThat(send(key, "/v1/check", ask("", "ls")).statusCode()).isEqualTo(200);
    send(key, "/v1/checks", "{\"checks\":[" + ask("", "ls") + "," + ask("agent:7", "ls") + "]}");
    send(key, "/v1/hooks/claude-code", hook);

    List<ChainRow> rows = rows("governance");
    assertThat(agents(rows)).hasSize(4).containsOnly("agent:7");
    assertThat(payload(rows.get(3)).path("session").asString()).isEqualTo("s");
    assertThat(send(ANYONE, "/v1/check", ask("", "ls")).statusCode()).isEqualTo(400);
  }

  @Test
  void credentialOfAnAgentCannotNameAnother() throws Exception {
    String key = bound.reveal();
    String authZen =
        "{\"subject\":{\"type\":\"agent\",\"id\":\"agent:8\"},\"action\":{\"name\":\"bash\"},"
            + "\"resource\":{\"type\":\"c\",\"id\":\"ls\"}}";

    assertThat(send(key, "/v1/check", ask("agent:8", "ls")).statusCode()).isEqualTo(403);
    assertThat(
            send(key, "/v1/checks", "{\"checks\":[%s,%s]}".formatted(ask("", "ls"), ask("a", "b")))
                .statusCode())
        .isEqualTo(403);
    assertThat(send(key, "/access/v1/evaluation", authZen).statusCode()).isEqualTo(403);
    assertThat(rows("governance")).isEmpty();
  }

  @Test
  void unreadableContentIsRecordedWithItsSender() throws Exception {
    send(bound.reveal(), "/v1/check", "nonsense");

    assertThat(principals(rows("governance"))).containsExactly("key:seven");
  }

  @ParameterizedTest
  @ValueSource(strings = {"claude-code", "codex", "copilot", "cursor", "gemini", "opencode"})
  void hookWithABadCredentialBlocks(String agent) throws Exception {
    HttpResponse<String> response =
        send(
            KeyText.generate().reveal(),
            "/v1/hooks/" + agent,
            "{\"hook_event_name\":\"PreToolUse\"}");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .containsAnyOf("\"deny\"", "\"allow\":false")
        .contains("the credential is not accepted");
    assertThat(rows("governance")).isEmpty();
  }

  @Test
  void readsAreRecordedOnceAMinute() throws Exception {
    send(ANYONE, "/v1/check", ask("a", "ls"));
    assertThat(rows("governance")).as("a ledger to read").hasSize(1);
    for (int i = 0; i < 3; i++) {
      assertThat(send(reader.reveal(), "/v1/dlq?limit=5", "").statusCode()).isEqualTo(200);
      assertThat(send(reader.reveal(), "/v1/policy", "").statusCode()).isEqualTo(200);
    }
    assertThat(send(ANYONE, "/v1/dlq", "").statusCode()).isEqualTo(401);
    assertThat(rows("access.log_read"))
        .singleElement()
        .satisfies(
            row ->
                assertThat(payload(row).path("details").toString())
                    .isEqualTo(
                        "{\"principal\":\"key:auditor\",\"reads\":[{\"count\":1,"
                            + "\"read\":\"/v1/dlq?limit=5\"}]}"));

    daemon.stop();

    assertThat(payload(rows("access.log_read").get(1)).path("details").path("reads").toString())
        .isEqualTo(
            "[{\"count\":2,\"read\":\"/v1/dlq?limit=5\"},{\"count\":3,\"read\":\"/v1/policy\"}]");
    assertThat(rows("access.log_read")).hasSize(2);
  }

  @Test
  void readThatCannotBeRecordedIsRefused() throws Exception {
    log.queue().close();

    assertThat(send(reader.reveal(), "/v1/policy", "").statusCode()).isEqualTo(503);
    assertThat(send(reader.reveal(), "/v1/policy", "").statusCode()).isEqualTo(503);
  }

  @Test
  void operationIsRecordedWithItsCaller() throws Exception {
    KeyText operator = key("ops", Grant.of(Set.of(Role.OPERATOR), Optional.empty()));
    await()
        .untilAsserted(
            () ->
                assertThat(send(operator.reveal(), "/v1/dlq/7/replay", "{}").statusCode())
                    .isEqualTo(404));

    assertThat(payload(rows("access.operated").get(0)).path("details").toString())
        .isEqualTo("{\"path\":\"/v1/dlq/7/replay\",\"principal\":\"key:ops\"}");
    log.queue().close();
    assertThat(send(operator.reveal(), "/v1/policy/reload", "{}").statusCode()).isEqualTo(503);
  }

  @Test
  void rolesThatCannotBeRecordedPreventTheStart() throws Exception {
    log.queue().close();

    assertThatThrownBy(() -> serve(List.of(Binding.read("user:alice = reader")), true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot be recorded");
  }

  @Test
  void floodOfReadsIsOneShortRow() throws Exception {
    ReadRecord record = new ReadRecord(log.queue());
    Request request =
        new Request("GET", "/x", Map.of(), Map.of())
            .by(Caller.named("key:a", Grant.of(Set.of(), Optional.empty())));
    for (int i = 0; i < 10_000; i++) {
      record.add(request.withParameters(Map.of("grep", "x".repeat(1000) + i)));
      record.add(request.withParameters(Map.of("n", "" + i)));
    }
    record.flush();

    List<ChainRow> rows = rows("access.log_read");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(1).payload().orElseThrow().length).isLessThan(20_000);
    assertThat(new String(rows.get(1).payload().orElseThrow(), StandardCharsets.UTF_8))
        .contains("\"read\":\"others\"");
  }

  /** The journal was full when the interval ended. */
  @Test
  void readsThatCannotBeRecordedAreKept() {
    List<SystemEvent> recorded = new CopyOnWriteArrayList<>();
    AtomicBoolean full = new AtomicBoolean();
    ReadRecord record = new ReadRecord(event -> !full.get() && recorded.add(event), () -> true);
    Request request =
        new Request("GET", "/x", Map.of(), Map.of())
            .by(Caller.named("key:a", Grant.of(Set.of(), Optional.empty())));
    for (int i = 0; i < 3; i++) {
      assertThat(record.add(request)).isTrue();
    }
    full.set(true);
    record.end("key:a");

    assertThat(record.add(request)).as("a read while earlier ones are not on record").isFalse();
    assertThat(recorded).hasSize(1);

    full.set(false);
    await().atMost(LIMIT).until(() -> recorded.size() == 2);
    assertThat(recorded.get(1).details().text()).contains("{\"count\":2,\"read\":\"/x\"}");
    await().atMost(LIMIT).until(() -> record.add(request));
  }

  @Test
  void changedRolesAreRecordedOnce() throws Exception {
    assertThat(rows("access.settings")).as("the defaults").isEmpty();
    for (List<Binding> bindings :
        List.of(List.of(Binding.read("user:alice = reader")), List.<Binding>of())) {
      for (int start = 0; start < 2; start++) {
        daemon.stop();
        daemon = serve(bindings, false);
        rows("");
      }
    }

    assertThat(rows("access.settings").stream().map(row -> payload(row).path("details").toString()))
        .containsExactly(
            "{\"publish\":\"off\",\"record_reads\":\"off\",\"roles\":[\"user:alice = agent, reader\"]}",
            "{\"publish\":\"off\",\"record_reads\":\"off\",\"roles\":[]}");
    send(reader.reveal(), "/v1/policy", "");
    assertThat(rows("access.log_read")).isEmpty();
  }

  /** The latest settings wait in the journal, and the ledger has those before them. */
  @Test
  void settingsThatAreNotKnownAreRecordedAgain() throws Exception {
    rows("");
    try (Connection other =
            DriverManager.getConnection("jdbc:sqlite:" + temp.resolve("data/indelible.db"));
        Statement statement = other.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 10000");
      statement.execute("BEGIN IMMEDIATE");
      for (List<Binding> bindings :
          List.of(List.of(Binding.read("user:alice = reader")), List.<Binding>of())) {
        daemon.stop();
        daemon = serve(bindings, true);
      }
      statement.execute("ROLLBACK");
    }

    assertThat(rows("access.settings").stream().map(row -> payload(row).path("details").toString()))
        .containsExactly(
            "{\"publish\":\"off\",\"record_reads\":\"on\",\"roles\":[\"user:alice = agent, reader\"]}",
            "{\"publish\":\"off\",\"record_reads\":\"on\",\"roles\":[]}");
  }

  @Test
  void repeatedRequestHasTheFirstAnswerAndNoSecondRow() throws Exception {
    HttpResponse<String> first = repeat(ANYONE, "k1", ask("a", "ls"));
    HttpResponse<String> second = repeat(ANYONE, "k1", ask("a", "ls"));

    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("Idempotent-Replayed")).contains("true");
    assertThat(first.headers().firstValue("Idempotent-Replayed")).isEmpty();
    assertThat(rows("governance")).hasSize(1);
  }

  private HttpResponse<String> repeat(String credential, String key, String body) throws Exception {
    return send(credential, "/v1/check", body, "Idempotency-Key", key);
  }

  @Test
  void keyBelongsToOneCallerAndOneContent() throws Exception {
    repeat(ANYONE, "k1", ask("agent:7", "ls"));

    assertThat(repeat(ANYONE, "k1", ask("agent:7", "pwd")).statusCode()).isEqualTo(422);
    assertThat(send(ANYONE, "/v1/checks", "{\"checks\":[]}", "Idempotency-Key", "k1").statusCode())
        .isEqualTo(422);
    assertThat(repeat(bound.reveal(), "k1", ask("agent:7", "ls")).statusCode()).isEqualTo(200);
    assertThat(repeat(ANYONE, "k2", ask("agent:7", "ls")).statusCode()).isEqualTo(200);
    assertThat(rows("governance")).hasSize(3);
  }

  @Test
  void keyEndsWithAChangeOfThePolicy() throws Exception {
    String first = repeat(ANYONE, "k1", ask("a", "ls")).body();
    log.gate()
        .use(
            RulePolicy.parse(
                """
                version: 1
                rules:
                  - {id: N, severity: refuse, reason: no, when: {command: ls}}
                """,
                "test"));

    HttpResponse<String> second = repeat(ANYONE, "k1", ask("a", "ls"));

    assertThat(first).contains("\"decision\":\"allow\"");
    assertThat(second.body()).contains("\"decision\":\"refuse\"");
    assertThat(repeat(ANYONE, "k1", ask("a", "ls")).body()).isEqualTo(second.body());
  }

  @Test
  void refusedContentIsNotRecordedTwice() throws Exception {
    HttpResponse<String> first = repeat(ANYONE, "k1", "nonsense");

    assertThat(first.statusCode()).isEqualTo(400);
    assertThat(repeat(ANYONE, "k1", "nonsense").body()).isEqualTo(first.body());
    assertThat(rows("governance")).hasSize(1);
  }

  @Test
  void answerWithoutARecordIsNotRepeated() throws Exception {
    log.closeAndFlush(LIMIT);
    repeat(ANYONE, "k1", ask("a", "ls"));

    assertThat(repeat(ANYONE, "k1", ask("a", "pwd")).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"a b", "''"})
  void malformedKeyIsRefused(String key) throws Exception {
    assertThat(repeat(ANYONE, key, ask("a", "ls")).statusCode()).isEqualTo(400);
    assertThat(rows("governance")).isEmpty();
  }

  /** An operation for which the document names a role refuses a caller without a credential. */
  @Test
  void documentedRolesAreNeeded() throws Exception {
    int found = 0;
    for (Map.Entry<String, Object> path : Contract.paths().entrySet()) {
      for (Map.Entry<?, ?> operation : ((Map<?, ?>) path.getValue()).entrySet()) {
        if (operation.getValue() instanceof Map<?, ?> described
            && described.containsKey("security")) {
          String body = operation.getKey().equals("post") ? "{}" : "";
          assertThat(send(ANYONE, path.getKey().replaceAll("\\{[a-z]+}", "1"), body).statusCode())
              .as("%s %s", operation.getKey(), path.getKey())
              .isEqualTo(401);
          found++;
        }
      }
    }
    assertThat(found).isGreaterThanOrEqualTo(12);
  }

  @Test
  void revokedKeyEndsItsStream() throws Exception {
    send(ANYONE, "/v1/check", ask("a", "ls"));
    assertThat(rows("governance")).as("a ledger to read").hasSize(1);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(daemon.addresses().get(0) + "/v1/events/stream"))
            .header("Authorization", "Bearer " + reader.reveal())
            .timeout(LIMIT)
            .build();
    HttpResponse<InputStream> stream = client.send(request, BodyHandlers.ofInputStream());
    assertThat(stream.statusCode()).isEqualTo(200);
    try (InputStream events = stream.body()) {
      assertThat(events.read()).isNotNegative();

      revokeReader();

      // Blocks until the stream ends.
      assertThat(events.readAllBytes()).isNotNull();
    }
  }

  private void revokeReader() throws Exception {
    try (ApiKeyFile.Change change = keys().change()) {
      change.replace(change.keys().without(change.keys().named("auditor")));
    }
  }

  @Test
  void revokedKeyEndsWhileTheDaemonRuns() throws Exception {
    assertThat(send(reader.reveal(), "/v1/policy", "").statusCode()).isEqualTo(200);

    revokeReader();

    await().until(() -> send(reader.reveal(), "/v1/policy", "").statusCode() == 401);
  }
}
