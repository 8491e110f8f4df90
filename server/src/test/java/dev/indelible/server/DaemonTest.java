// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.Indelible;
import dev.indelible.json.CanonicalJson;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.SqliteLedger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A daemon on a real port and a real socket, with a log on disk. */
class DaemonTest {
  private static final String DANGEROUS =
      "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"rm -rf /\"}}";

  private static final String ORDINARY =
      "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}";

  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir Path temp;
  private final HttpClient client = HttpClient.newHttpClient();
  private Indelible log;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    log = Indelible.builder(data()).shutdownHook(false).open();
    daemon = Daemon.start(log, new ServeSettings(loopback(0), socket()));
  }

  @AfterEach
  void stop() throws Exception {
    daemon.stop();
    log.closeAndFlush(LIMIT);
  }

  private Path data() {
    return temp.resolve("data");
  }

  private Path socket() {
    return temp.resolve("run/i.sock");
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress("127.0.0.1", port);
  }

  private int port() {
    return URI.create(daemon.addresses().get(0)).getPort();
  }

  private HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .timeout(LIMIT)
            .POST(BodyPublishers.ofString(body));
    request.headers(headers.length == 0 ? new String[] {"Content-Type", Response.JSON} : headers);
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    Contract.requireDescribed("POST", path, response);
    return response;
  }

  private HttpResponse<String> get(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port() + path);
    HttpResponse<String> response =
        client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString());
    Contract.requireDescribed("GET", path, response);
    return response;
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    return CanonicalJson.read(response.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health/live?a=1&a=2", "/health/live?a=%zz"})
  void queryThatCannotBeReadIsRefused(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + "/health/live")).build();
    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    try (SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port()))) {
      String answer =
          raw(
              channel,
              "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".formatted(path));
      assertThat(answer).startsWith("HTTP/1.1 400").contains("the query cannot be read");
    }
  }

  /** Sends bytes on a new connection and returns everything received until the connection ends. */
  private static String raw(SocketChannel channel, String request) throws IOException {
    channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    while (channel.read(buffer) >= 0) {
      answer.write(buffer.array(), 0, buffer.position());
      buffer.clear();
    }
    return answer.toString(StandardCharsets.UTF_8);
  }

  private String raw(String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(loopback(port()))) {
      return raw(channel, request);
    }
  }

  /** Waits until all pending events are appended, and returns the decisions in the chain. */
  private List<ChainRow> rows() throws Exception {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    List<ChainRow> decisions = new ArrayList<>();
    Optional<SqliteLedger> there = SqliteLedger.openIfThere(data().resolve("indelible.db"));
    if (there.isPresent()) {
      try (SqliteLedger ledger = there.get()) {
        ledger.forEachRow(RowQuery.all(), decisions::add);
      }
    }
    return decisions.stream().filter(row -> row.eventType().startsWith("governance.")).toList();
  }

  @Test
  void decisionIsAnsweredAndRecorded() throws Exception {
    HttpResponse<String> response = post("/v1/check", DANGEROUS);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("decision").stringValue()).isEqualTo("refuse");
    assertThat(json(response).path("effective_command").stringValue()).isEqualTo("rm -rf /");
    assertThat(rows())
        .singleElement()
        .satisfies(row -> assertThat(row.id()).isEqualTo(json(response).path("id").stringValue()));
  }

  @Test
  void documentDescribesEveryPath() throws Exception {
    HttpResponse<String> served = get("/v1/openapi.yaml");

    assertThat(served.body()).contains("openapi: 3.1");
    assertThat(Contract.paths().keySet())
        .containsAll(List.of("/v1/check", "/metrics", "/health/audit", "/access/v1/evaluation"));
    for (String path : Contract.paths().keySet()) {
      HttpResponse<String> answer = get(path.replaceAll("\\{[a-z]+\\}", "codex"));
      assertThat(answer.statusCode()).as(path).isNotEqualTo(404);
    }
  }

  @Test
  void documentAcceptsDecidableRequests() {
    assertThat(Contract.accepts("POST", "/v1/check", DANGEROUS)).isTrue();
    assertThat(Contract.accepts("POST", "/v1/check", "{\"agent_id\":\"a\"}")).isFalse();
    assertThat(Contract.accepts("POST", "/v1/checks", "{\"checks\":[" + ORDINARY + "]}")).isTrue();
    assertThat(Contract.accepts("POST", "/v1/checks", "{\"checks\":[]}")).isFalse();
  }

  @Test
  void checksOfAListAreDecidedInOrder() throws Exception {
    JsonNode decisions =
        json(post("/v1/checks", "{\"checks\":[" + ORDINARY + "," + DANGEROUS + "]}"))
            .path("decisions");

    assertThat(decisions.valueStream().map(each -> each.path("decision").stringValue()))
        .containsExactly("allow", "refuse");
    assertThat(rows()).hasSize(2);
  }

  /** Storing a new tool syncs a file, and one list could name a thousand tools. */
  @Test
  void listRecordsNoDescriptor() throws Exception {
    String call =
        ("{\"agent_id\":\"a\",\"action\":{\"arguments\":{},\"kind\":\"tool_call\",\"tool\":\"t\"},"
                + "\"tool_hash\":\"sha256:%s\"}")
            .formatted("1".repeat(64));
    String list = "{\"checks\":[" + call + "]}";

    assertThat(json(post("/v1/checks", list)).path("decisions").path(0).path("rule_id").asString())
        .isEqualTo("indelible.tool_unknown");
    assertThat(json(post("/v1/check", call)).path("decision").asString()).isEqualTo("allow");
    assertThat(json(post("/v1/checks", list)).path("decisions").path(0).path("decision").asString())
        .isEqualTo("allow");
  }

  @Test
  void listWithAnUnreadableMemberDecidesNothing() throws Exception {
    HttpResponse<String> response =
        post("/v1/checks", "{\"checks\":[" + ORDINARY + ",{\"agent_id\":\"a\"}]}");

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("detail").stringValue()).startsWith("checks[1].action: missing");
    assertThat(rows()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"agent_id\":\"a\",\"action\":{\"kind\":\"bash\",\"comand\":\"ls\"}}",
        "{\"agent_id\":\"a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"},\"force\":true}",
        "{\"agent_id\":\"a\",\"agent_id\":\"b\",\"action\":{\"kind\":\"bash\",\"command\":\"l\"}}",
        "{\"agent_id\":\"indelible:x\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}"
      })
  void unreadableContentIsRefusedAndRecorded(String body) throws Exception {
    HttpResponse<String> response = post("/v1/check", body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.headers().firstValue("Content-Type")).contains(Response.PROBLEM_JSON);
    JsonNode refusal = json(response).path("refusal");
    assertThat(refusal.path("decision").stringValue()).isEqualTo("refuse");
    assertThat(rows())
        .singleElement()
        .satisfies(row -> assertThat(row.id()).isEqualTo(refusal.path("id").stringValue()));
  }

  @Test
  void deepJsonIsRefused() throws Exception {
    assertThat(post("/v1/check", "[".repeat(100_000)).statusCode()).isEqualTo(400);
  }

  @Test
  void hookOfAnAgentIsAnsweredInItsForm() throws Exception {
    HttpResponse<String> response =
        post(
            "/v1/hooks/codex",
            "{\"session_id\":\"s\",\"turn_id\":\"t\",\"cwd\":\"/home/dev/p\",\"hook_event_name\":"
                + "\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":"
                + "\"rm -rf /\"}}");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("hookSpecificOutput").path("permissionDecision").stringValue())
        .isEqualTo("deny");
  }

  @ParameterizedTest
  @ValueSource(strings = {"claude-code", "codex", "copilot", "cursor", "gemini", "opencode"})
  void unreadableHookQuestionBlocksWithStatus200(String agent) throws Exception {
    HttpResponse<String> response =
        post("/v1/hooks/" + agent, "{\"hook_event_name\":\"PreToolUse\"}");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).containsAnyOf("\"deny\"", "\"allow\":false");
    assertThat(rows()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "bash, rm -rf /, false",
    "bash, ls, true",
    "filesystem_write, /etc/passwd, false",
    "deploy, production, true"
  })
  void authZenEvaluationIsDecided(String action, String resource, boolean permitted)
      throws Exception {
    HttpResponse<String> response =
        post(
            "/access/v1/evaluation",
            "{\"subject\":{\"type\":\"agent\",\"id\":\"a\"},\"action\":{\"name\":\"%s\"},"
                    .formatted(action)
                + "\"resource\":{\"type\":\"thing\",\"id\":\"%s\"}}".formatted(resource));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("decision").booleanValue()).isEqualTo(permitted);
    assertThat(rows()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"execute_all, 3", "deny_on_first_deny, 2", "permit_on_first_permit, 1"})
  void authZenEvaluationsFollowTheirSemantic(String semantic, int decided) throws Exception {
    String body =
        "{\"subject\":{\"type\":\"agent\",\"id\":\"a\"},\"action\":{\"name\":\"bash\"},"
            + "\"evaluations\":[{\"resource\":{\"type\":\"c\",\"id\":\"ls\"}},"
            + "{\"resource\":{\"type\":\"c\",\"id\":\"rm -rf /\"}},"
            + "{\"resource\":{\"type\":\"c\",\"id\":\"pwd\"}}],"
            + "\"options\":{\"evaluations_semantic\":\"%s\"}}".formatted(semantic);

    assertThat(json(post("/access/v1/evaluations", body)).path("evaluations")).hasSize(decided);
    assertThat(rows()).hasSize(decided);
  }

  @Test
  void authZenRequestWithoutASubjectIsRefused() throws Exception {
    assertThat(
            post("/access/v1/evaluation", "{\"action\":{\"name\":\"bash\"},\"resource\":{}}")
                .statusCode())
        .isEqualTo(400);
  }

  @Test
  void authZenPropertiesThatNameAnotherResourceAreRefused() throws Exception {
    String body =
        "{\"subject\":{\"type\":\"agent\",\"id\":\"a\"},\"action\":{\"name\":\"bash\","
            + "\"properties\":{\"command\":\"ls\"}},"
            + "\"resource\":{\"type\":\"c\",\"id\":\"rm -rf /\"}}";

    assertThat(post("/access/v1/evaluation", body).statusCode()).isEqualTo(400);
  }

  @Test
  void metadataNamesTheAddressOfTheClient() throws Exception {
    assertThat(
            json(get("/.well-known/authzen-configuration"))
                .path("access_evaluation_endpoint")
                .stringValue())
        .isEqualTo("http://127.0.0.1:" + port() + "/access/v1/evaluation");
  }

  @Test
  void healthAndMetricsAreReported() throws Exception {
    post("/v1/check", DANGEROUS);
    rows();

    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    assertThat(json(get("/health/audit")).path("state").stringValue()).isEqualTo("recording");
    assertThat(get("/metrics").body())
        .as("the policy and the decision")
        .contains("indelible_audit_submitted_total 2.0", "indelible_audit_appended_total 2.0");
    assertThat(
            json(get("/v1/capabilities")).path("approval").path("deferred_audit_dlq_size").asInt())
        .isZero();
  }

  @Test
  void closedLogIsNotReadyAndRefusesEverything() throws Exception {
    log.closeAndFlush(LIMIT);

    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
    assertThat(get("/health/audit").statusCode()).isEqualTo(503);
    JsonNode decision = json(post("/v1/check", ORDINARY));
    assertThat(decision.path("decision").stringValue()).isEqualTo("refuse");
    assertThat(decision.path("id").isNull()).isTrue();
  }

  @Test
  void socketAnswersAndIsOpenToTheGroup() throws Exception {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket()));
      String answer =
          raw(
              channel,
              "POST /v1/check HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type:"
                  + " application/json\r\nContent-Length: %s\r\n\r\n%s"
                      .formatted(DANGEROUS.length(), DANGEROUS));
      assertThat(answer).startsWith("HTTP/1.1 200").contains("\"decision\":\"refuse\"");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
        .isEqualTo("rw-rw----");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent())))
        .isEqualTo("rwxr-x---");
  }

  /** A web page can rebind its host name to 127.0.0.1, but its requests still contain that name. */
  @ParameterizedTest
  @ValueSource(strings = {"evil.example", "127.0.0.1.evil.example", "localhost.evil:80", ""})
  void foreignHostIsRefused(String host) throws Exception {
    assertThat(raw("GET /metrics HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
        .matches("(?s)HTTP/1.1 4(21|00) .*");
  }

  @Test
  void pageOfAnotherSiteIsRefused() throws Exception {
    assertThat(
            raw(
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
                    + "Connection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 403");
    assertThat(
            raw(
                "GET /health/audit HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
                    + "Connection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 403");
    assertThat(post("/v1/check", DANGEROUS, "Content-Type", "text/plain").statusCode())
        .isEqualTo(415);
    assertThat(rows()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            + "Content-Length: 6\r\n\r\n",
        "GET /v1/%2e%2e/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /metrics%2fx HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "NONSENSE\r\n\r\n"
      })
  void ambiguousRequestIsRefused(String request) throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(loopback(port()));
      socket.setSoTimeout((int) LIMIT.toMillis());
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      InputStream in = socket.getInputStream();
      assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 400");
    }
    assertThat(rows()).isEmpty();
  }

  @Test
  void tooLargeRequestIsRefused() throws Exception {
    assertThat(post("/v1/check", " ".repeat(HttpServer.MAX_BODY_BYTES + 1)).statusCode())
        .isEqualTo(413);
    assertThat(
            raw(
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n"
                    .formatted("a".repeat(20_000))))
        .startsWith("HTTP/1.1 431");
  }

  @Test
  void unknownPathAndMethodAreRefused() throws Exception {
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    HttpResponse<String> wrong = get("/v1/check");
    assertThat(wrong.statusCode()).isEqualTo(405);
    assertThat(wrong.headers().firstValue("Allow")).contains("POST");
  }

  @Test
  void idleConnectionsDoNotDelayOthers() throws Exception {
    List<SocketChannel> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 1_000; i++) {
        SocketChannel channel = SocketChannel.open(loopback(port()));
        channel.write(
            ByteBuffer.wrap(
                "POST /v1/check HTTP/1.1\r\nHost: loc".getBytes(StandardCharsets.UTF_8)));
        idle.add(channel);
      }
      assertThat(json(post("/v1/check", ORDINARY)).path("decision").stringValue())
          .isEqualTo("allow");
    } finally {
      for (SocketChannel channel : idle) {
        channel.close();
      }
    }
  }

  @Test
  void unfinishedRequestDoesNotDelayTheStop() throws Exception {
    Daemon other = Daemon.start(log, new ServeSettings(loopback(0), null));
    int port = URI.create(other.addresses().get(0)).getPort();
    try (SocketChannel channel = SocketChannel.open(loopback(port))) {
      channel.write(
          ByteBuffer.wrap(
              "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
                  .getBytes(StandardCharsets.UTF_8)));

      other.stop();
    }
    assertThat(log.queue().isOpen()).isTrue();
  }

  @Test
  void worldWritableDirectoryIsRefused() throws Exception {
    Path open = Files.createDirectory(temp.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatThrownBy(() -> Daemon.start(log, new ServeSettings(null, open.resolve("i.sock"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("every user can write to this directory");
  }

  @Test
  void concurrentDecisionsAreEachRecordedOnce() throws Exception {
    int clients = 8;
    int each = 50;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      List<Callable<List<String>>> work = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        work.add(
            () -> {
              List<String> ids = new ArrayList<>();
              for (int n = 0; n < each; n++) {
                ids.add(json(post("/v1/check", DANGEROUS)).path("id").stringValue());
              }
              return ids;
            });
      }
      List<String> ids = new ArrayList<>();
      for (Future<List<String>> done : threads.invokeAll(work)) {
        ids.addAll(done.get());
      }
      assertThat(rows().stream().map(ChainRow::id)).containsExactlyInAnyOrderElementsOf(ids);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void requestIdOfTheClientIsRepeated() throws Exception {
    HttpResponse<String> response =
        post("/v1/check", ORDINARY, "Content-Type", Response.JSON, "X-Request-Id", "r-1");

    assertThat(response.headers().firstValue("X-Request-Id")).contains("r-1");
  }

  @Test
  void takenPortIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(loopback(0));
      assertThatThrownBy(
              () -> Daemon.start(log, new ServeSettings(loopback(taken.getLocalPort()), null)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("listen: ")
          .hasMessageContaining(taken.getLocalPort() + ": Address already in use; give another");
    }
  }

  @Test
  void takenSocketIsNamed() {
    assertThatThrownBy(() -> Daemon.start(log, new ServeSettings(null, socket())))
        .isInstanceOf(IOException.class)
        .hasMessage(socket() + ": another process listens on this socket");
  }

  @Test
  void socketOfADaemonThatWasKilledIsReplaced() throws Exception {
    Path stale = temp.resolve("stale.sock");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(stale));
    }
    assertThat(stale).exists();

    Daemon second = Daemon.start(log, new ServeSettings(null, stale));

    assertThat(second.addresses()).containsExactly("unix:" + stale);
    second.stop();
    assertThat(stale).doesNotExist();
  }

  @Test
  void fileInPlaceOfTheSocketIsKept() throws Exception {
    Path file = Files.writeString(temp.resolve("notes.txt"), "mine");

    assertThatThrownBy(() -> Daemon.start(log, new ServeSettings(null, file)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a socket");
    assertThat(file).hasContent("mine");
  }
}
