// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Approvals;
import dev.indelible.Indelible;
import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.Role;
import dev.indelible.action.Bash;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.crypto.SigningKey;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.server.EventStream.Event;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Requests for approval over HTTP and MCP: who may answer, and what is on record. */
@Timeout(300)
class ApprovalRequestsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String NOBODY = "nobody";
  private static final String APPROVE = "{\"decision\":\"approve\",\"reason\":\"planned\"}";
  private static final NoteSigner BOB = NoteSigner.of("bob", SigningKey.generate());

  @TempDir Path temp;
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, KeyText> keys = new HashMap<>();
  private Indelible log;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    writePolicy("deployments wait for a person");
    log = Indelible.builder(data()).shutdownHook(false).watchPolicy(false).open();
    key("alice", Set.of(Role.APPROVER), Optional.empty());
    key("root", Set.of(Role.ADMIN), Optional.empty());
    key("auditor", Set.of(Role.READER), Optional.empty());
    key("seven", Set.of(), Optional.of("agent:7"));
    key("owner7", Set.of(Role.APPROVER), Optional.of("agent:7"));
    key("other8", Set.of(Role.APPROVER), Optional.of("agent:8"));
    daemon =
        Daemon.start(
            log,
            new ServeSettings(
                new InetSocketAddress("127.0.0.1", 0),
                null,
                null,
                new AccessSettings(ApiKeyFile.in(data()), Set.of(), List.of(), 0, true, false)));
  }

  @AfterEach
  void stop() {
    daemon.stop();
    log.closeAndFlush(LIMIT);
  }

  private Path data() {
    return temp.resolve("data");
  }

  private void writePolicy(String reason) throws Exception {
    Files.createDirectories(data().resolve("policy"));
    Files.writeString(
        data().resolve("policy/rules.yaml"),
        """
        version: 1
        approvers: ["%s"]
        rules:
          - {id: ask, severity: escalate, reason: %s, when: {command: make}}
          - {id: never, severity: refuse, reason: no disk is overwritten, when: {command: dd}}
        """
            .formatted(BOB.verifierKey().vkey(), reason));
  }

  private void key(String name, Set<Role> roles, Optional<String> agent) throws Exception {
    KeyText text = KeyText.generate();
    try (ApiKeyFile.Change change = ApiKeyFile.in(data()).change()) {
      change.replace(
          change.keys().with(ApiKey.of(text, name, Grant.of(roles, agent), Optional.empty())));
    }
    keys.put(name, text);
  }

  private HttpRequest.Builder request(String who, String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(daemon.addresses().get(0) + path)).timeout(LIMIT);
    return who.equals(NOBODY)
        ? request
        : request.header("Authorization", "Bearer " + keys.get(who).reveal());
  }

  private HttpResponse<String> get(String who, String path) throws Exception {
    HttpResponse<String> response =
        client.send(request(who, path).build(), BodyHandlers.ofString());
    Contract.requireDescribed("GET", path, response);
    return response;
  }

  private HttpResponse<String> post(String who, String path, String body) throws Exception {
    HttpResponse<String> response =
        client.send(
            request(who, path)
                .header("Content-Type", Response.JSON)
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    Contract.requireDescribed("POST", path, response);
    return response;
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    return CanonicalJson.read(response.body());
  }

  /** Asks the gate about a command; returns the decision. */
  private JsonNode check(String who, String agent, String command) throws Exception {
    HttpResponse<String> response =
        post(
            who,
            "/v1/check",
            "{\"action\":{\"command\":\"%s\",\"kind\":\"bash\"},\"agent_id\":\"%s\",\"session\":\"s1\"}"
                .formatted(command, agent));
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    return json(response);
  }

  /** Lets the gate escalate an action of an agent with its own key; returns the event. */
  private String escalate() throws Exception {
    JsonNode decided = check("seven", "agent:7", "make deploy");
    assertThat(decided.path("decision").stringValue()).isEqualTo("escalate");
    return decided.path("id").stringValue();
  }

  private List<JsonNode> refusals() throws Exception {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    List<JsonNode> details = new ArrayList<>();
    try (LedgerReader ledger = log.log().reader()) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            if (row.eventType().equals("access.approval_refused")) {
              details.add(read(row.payload().orElseThrow()).path("details"));
            }
            return true;
          });
    }
    return details;
  }

  private static JsonNode read(byte[] payload) {
    try {
      return CanonicalJson.read(payload);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void approvedActionIsPermittedOnce() throws Exception {
    check("seven", "agent:7", "ls");
    JsonNode decided = check("seven", "agent:7", "make deploy");
    String id = decided.path("id").stringValue();
    assertThat(decided.path("approve").stringValue())
        .isEqualTo("indelible approvals approve " + id);
    for (String who : List.of("alice", "auditor", "root")) {
      JsonNode listed = json(get(who, "/v1/approvals?state=pending")).path("requests");
      assertThat(listed.size()).as(who).isEqualTo(1);
      assertThat(listed.get(0).path("id").stringValue()).isEqualTo(id);
    }
    JsonNode shown = json(get("alice", "/v1/approvals/" + id));
    assertThat(shown.path("recent").toString()).contains("\"command\":\"ls\"");
    assertThat(shown.path("request").path("principal").stringValue()).isEqualTo("key:seven");

    JsonNode answer = json(post("alice", "/v1/approvals/" + id, APPROVE));

    assertThat(answer.path("by").stringValue()).isEqualTo("key:alice");
    assertThat(answer.path("signed").booleanValue()).isFalse();
    assertThat(check("seven", "agent:7", "make deploy").path("decision").stringValue())
        .isEqualTo("warn");
    assertThat(check("seven", "agent:7", "make deploy").path("decision").stringValue())
        .isEqualTo("escalate");
    HttpResponse<String> again = post("root", "/v1/approvals/" + id, APPROVE);
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(json(again).path("reason").stringValue()).isEqualTo("already_resolved");
    assertThat(refusals().get(0).toString())
        .isEqualTo(
            "{\"principal\":\"key:root\",\"reason\":\"already_resolved\",\"request\":\"%s\"}"
                .formatted(id));
  }

  /** Neither the limit nor the maximum of a list hides that there are more. */
  @Test
  void listStatesThatItIsNotComplete() throws Exception {
    for (int i = 0; i <= Approvals.MAX_LISTED; i++) {
      log.gate().record("agent:9", new Bash("make " + i));
    }
    assertThat(log.queue().drainPending(LIMIT)).isTrue();

    assertThat(listed("?limit=1000")).isEqualTo("1000, true");
    assertThat(listed("?limit=1000&state=pending")).isEqualTo("1000, true");
    assertThat(listed("?limit=2")).isEqualTo("2, true");
    assertThat(listed("?state=denied")).isEqualTo("0, false");
  }

  /** Returns the number of requests in a list, and if it states that there are more. */
  private String listed(String query) throws Exception {
    JsonNode list = json(get("alice", "/v1/approvals" + query));
    return list.path("requests").size() + ", " + list.path("more").booleanValue();
  }

  @ParameterizedTest
  @CsvSource({
    "nobody, 401, not_permitted",
    "seven, 403, not_permitted",
    "auditor, 403, not_permitted",
    "owner7, 403, own_request"
  })
  void refusedAttemptIsOnRecord(String who, int status, String reason) throws Exception {
    String id = escalate();

    assertThat(post(who, "/v1/approvals/" + id, APPROVE).statusCode()).isEqualTo(status);

    JsonNode recorded = refusals().get(0);
    assertThat(recorded.path("reason").stringValue()).isEqualTo(reason);
    assertThat(recorded.path("request").stringValue()).isEqualTo(id);
    assertThat(recorded.path("principal").asString(NOBODY).replace("key:", "")).isEqualTo(who);
    assertThat(
            json(get("alice", "/v1/approvals/" + id)).path("request").path("state").stringValue())
        .isEqualTo("pending");
  }

  @Test
  void credentialThatAskedAnswersNothing() throws Exception {
    String asked = check("alice", "agent:9", "make deploy").path("id").stringValue();

    assertThat(json(post("alice", "/v1/approvals/" + asked, APPROVE)).path("reason").stringValue())
        .isEqualTo("own_request");
    String note = note(asked, "planned");
    assertThat(json(post("alice", "/v1/approvals/" + asked, note)).path("reason").stringValue())
        .isEqualTo("own_request");
    assertThat(post("other8", "/v1/approvals/" + asked, APPROVE).statusCode()).isEqualTo(200);
  }

  private String note(String id, String reason) throws Exception {
    Approvals.Request request = log.approvals().request(id);
    String text = request.approvalText(Instant.now().plusSeconds(600), reason);
    String note = new String(SignedNote.sign(text, List.of(BOB)).bytes(), StandardCharsets.UTF_8);
    return new String(
        new CanonicalWriter().beginObject().member("note", note).endObject().toBytes(),
        StandardCharsets.UTF_8);
  }

  @Test
  void signedNoteOfAnApproverIsAccepted() throws Exception {
    String id = escalate();
    String other = check("seven", "agent:7", "make install").path("id").stringValue();

    JsonNode answer = json(post("alice", "/v1/approvals/" + id, note(id, "planned")));

    assertThat(answer.path("by").stringValue()).isEqualTo("bob");
    assertThat(answer.path("signed").booleanValue()).isTrue();
    HttpResponse<String> replayed = post("alice", "/v1/approvals/" + other, note(id, "planned"));
    assertThat(replayed.statusCode()).isEqualTo(422);
    assertThat(json(replayed).path("reason").stringValue()).isEqualTo("bad_note");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'decision':'approve','reason':'x','for':'25h'} | 400 | bad_validity",
        "{'decision':'approve','reason':' '} | 400 | bad_reason",
        "{'decision':'approve','reason':'x','for':'soon'} | 400 |",
        "{'decision':'allow','reason':'x'} | 400 |",
        "{'decision':'approve'} | 400 |",
        "{'decision':'deny','reason':'x','for':'1h'} | 400 |",
        "{'decision':'deny','reason':'x','note':'y'} | 400 |",
      })
  void badAnswerChangesNothing(String body, int status, String reason) throws Exception {
    String id = escalate();

    HttpResponse<String> response = post("alice", "/v1/approvals/" + id, body.replace('\'', '"'));

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(json(response).path("reason").asString("")).isEqualTo(reason == null ? "" : reason);
    HttpResponse<String> listed = get("alice", "/v1/approvals?state=pending");
    assertThat(json(listed).path("requests").size()).as(listed.body()).isEqualTo(1);
  }

  @Test
  void whatIsNoPendingRequestIsNotAnswered() throws Exception {
    String refused = check("seven", "agent:7", "dd if=x of=/dev/sda").path("id").stringValue();
    String id = escalate();

    assertThat(post("alice", "/v1/approvals/none", APPROVE).statusCode()).isEqualTo(404);
    assertThat(get("alice", "/v1/approvals/none").statusCode()).isEqualTo(404);
    assertThat(post("alice", "/v1/approvals/" + refused, APPROVE).statusCode()).isEqualTo(409);
    assertThat(get("alice", "/v1/approvals?state=open").statusCode()).isEqualTo(400);
    assertThat(get("alice", "/v1/approvals?x=1").statusCode()).isEqualTo(400);
    assertThat(get("alice", "/v1/approvals?since=8d").statusCode()).isEqualTo(400);
    writePolicy("another reason");
    log.reloadPolicy();
    HttpResponse<String> outdated = post("alice", "/v1/approvals/" + id, APPROVE);
    assertThat(outdated.statusCode()).as(outdated.body()).isEqualTo(409);
    assertThat(json(outdated).path("reason").stringValue()).isEqualTo("other_policy");
  }

  @Test
  void requestsAndAnswersAreStreamed() throws Exception {
    String first = escalate();
    String path = "/v1/approvals/stream";
    assertThat(get(NOBODY, path).statusCode()).isEqualTo(401);
    assertThat(get("seven", path).statusCode()).isEqualTo(403);
    HttpResponse<InputStream> response =
        client.send(request("alice", path + "?after=0").build(), BodyHandlers.ofInputStream());
    long position;
    try (EventStream stream = new EventStream(response.body())) {
      Event pending = stream.next().orElseThrow();
      assertThat(pending.type()).isEqualTo("pending");
      assertThat(pending.data().path("id").stringValue()).isEqualTo(first);
      position = stream.position();
      check("seven", "agent:7", "ls");
      post("alice", "/v1/approvals/" + first, "{\"decision\":\"deny\",\"reason\":\"no\"}");
      Event resolved = stream.next().orElseThrow();
      assertThat(resolved.type()).isEqualTo("resolved");
      assertThat(resolved.data().path("event_type").stringValue()).isEqualTo("approval.denied");
    }
    HttpResponse<InputStream> resumed =
        client.send(
            request("auditor", path).header("Last-Event-ID", String.valueOf(position)).build(),
            BodyHandlers.ofInputStream());
    try (EventStream stream = new EventStream(resumed.body())) {
      assertThat(stream.next().orElseThrow().type()).isEqualTo("resolved");
    }
  }

  @Test
  void agentSeesOnlyItsOwnRequests() throws Exception {
    String own = escalate();
    String keyed = check("other8", "agent:8", "make x").path("id").stringValue();
    String claimed = check(NOBODY, "agent:free", "make y").path("id").stringValue();
    post("alice", "/v1/approvals/" + own, APPROVE);

    assertThat(requests("seven", "{}")).contains(own, "\"granted\"").doesNotContain(keyed, claimed);
    assertThat(requests("other8", "{}")).contains(keyed).doesNotContain(own, claimed);
    assertThat(requests("alice", "{}")).doesNotContain(own, keyed, claimed);
    assertThat(requests("seven", "{\"agent_id\":\"agent:8\"}")).contains("its own agent only");
    assertThat(requests(NOBODY, "{}")).contains("give the agent_id and the session");
    assertThat(requests(NOBODY, "{\"agent_id\":\"agent:free\",\"session\":\"s1\"}"))
        .contains(claimed);
    assertThat(requests(NOBODY, "{\"agent_id\":\"agent:free\",\"session\":\"s2\"}"))
        .doesNotContain(claimed);
    assertThat(requests(NOBODY, "{\"agent_id\":\"agent:7\",\"session\":\"s1\"}"))
        .doesNotContain(own);
  }

  private String requests(String who, String arguments) throws Exception {
    return post(
            who,
            "/mcp",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"gate_requests\",\"arguments\":%s}}"
                .formatted(arguments))
        .body();
  }
}
