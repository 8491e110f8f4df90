// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static dev.indelible.server.RunningDaemon.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.access.Grant;
import dev.indelible.access.Role;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.event.PolicyText;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The endpoints for readers and operators: proofs, verifications, dead letters, policy, status. */
class ApiTest {
  private static final String REFUSED = "agent:refused";

  @TempDir Path temp;
  private RunningDaemon daemon;

  @BeforeEach
  void start() throws Exception {
    daemon = new RunningDaemon(data());
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  private Path data() {
    return temp.resolve("data");
  }

  @Test
  void proofEqualsTheProofOfTheLibrary() throws Exception {
    String id = daemon.check("agent:a", "rm -rf /");
    String path = "/v1/events/" + id + "/proof";
    await().atMost(LIMIT).until(() -> daemon.get(path).statusCode() == 200);

    HttpResponse<String> withPayload = daemon.get(path + "?payload=true");

    TlogProof proof = TlogProof.parse(withPayload.body().getBytes(StandardCharsets.UTF_8));
    assertThat(new String(proof.extra().orElseThrow(), StandardCharsets.UTF_8))
        .contains(id, "rm -rf /");
    assertThat(daemon.get(path).body())
        .isEqualTo(
            new String(
                daemon
                    .log()
                    .log()
                    .prove(id)
                    .tlogProof(daemon.log().log().prove(id).record())
                    .bytes(),
                StandardCharsets.UTF_8));
  }

  @Test
  void proofOfAnUnknownEventIsNotFound() throws Exception {
    daemon.check("agent:a", "ls");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();

    HttpResponse<String> response = daemon.get("/v1/events/" + UUID.randomUUID() + "/proof");

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(json(response).path("detail").stringValue()).contains("no event of this id");
    assertThat(daemon.get("/v1/events/x/proof?payload=yes").statusCode()).isEqualTo(400);
  }

  private JsonNode verified(String options) throws Exception {
    HttpResponse<String> started = daemon.post("/v1/verify", options);
    assertThat(started.statusCode()).isEqualTo(202);
    String path = started.headers().firstValue("Location").orElseThrow();
    await()
        .atMost(LIMIT)
        .until(() -> !json(daemon.get(path)).path("state").stringValue().equals("running"));
    return json(daemon.get(path));
  }

  @Test
  void verificationReportsAnIntactLog() throws Exception {
    daemon.check("agent:a", "ls");
    daemon.check("agent:a", "rm -rf /");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();

    JsonNode job = verified("{\"since\":2}");

    assertThat(job.path("state").stringValue()).isEqualTo("done");
    assertThat(job.path("rows").asInt()).isEqualTo(2);
    assertThat(job.path("checked").asInt()).isEqualTo(2);
    assertThat(job.path("report").path("verdict").stringValue()).isEqualTo("intact");
  }

  @Test
  void verificationNamesAChangedRow() throws Exception {
    daemon.check("agent:a", "ls");
    daemon.check("agent:a", "rm -rf /");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    daemon.sql("UPDATE signed_events SET agent_id = 'agent:b' WHERE sequence = 2");

    JsonNode report = verified("").path("report");

    assertThat(report.path("verdict").stringValue()).isEqualTo("broken");
    assertThat(report.path("findings").toString()).contains("\"sequence\":2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"since\":0}", "{\"sinc\":1}", "[]", "{\"since\":\"1\"}", "nonsense"})
  void unreadableOptionsStartNoVerification(String options) throws Exception {
    assertThat(daemon.post("/v1/verify", options).statusCode()).isEqualTo(400);
  }

  @Test
  void unknownVerificationIsNotFound() throws Exception {
    assertThat(daemon.get("/v1/verify/1").statusCode()).isEqualTo(404);
  }

  /** Makes the ledger refuse the events of an agent, until the trigger is dropped. */
  private void refuseRows() throws Exception {
    daemon.check("agent:a", "ls");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    daemon.sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = '%s'"
                .formatted(REFUSED)
            + " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
  }

  @Test
  void deadLettersAreListedPageByPage() throws Exception {
    refuseRows();
    for (int i = 0; i < 3; i++) {
      daemon.check(REFUSED, "rm -rf /");
    }
    await().atMost(LIMIT).until(() -> json(daemon.get("/v1/dlq")).path("dead_letters").size() == 3);

    JsonNode first = json(daemon.get("/v1/dlq?limit=2"));
    JsonNode rest = json(daemon.get("/v1/dlq?limit=2&after=" + first.path("next").asInt()));

    assertThat(first.path("dead_letters")).hasSize(2);
    assertThat(rest.path("dead_letters")).hasSize(1);
    assertThat(rest.path("next").isNull()).isTrue();
    assertThat(daemon.get("/v1/dlq?limit=0").statusCode()).isEqualTo(400);
    assertThat(daemon.get("/v1/dlq?after=x").statusCode()).isEqualTo(400);
    assertThat(daemon.get("/v1/dlq/x").statusCode()).isEqualTo(400);
    assertThat(daemon.get("/v1/dlq/99").statusCode()).isEqualTo(404);
  }

  /**
   * The daemon's drainer continues during the replay, and both append to one chain (promise D2).
   */
  @Test
  void replayedDeadLetterIsInTheChainOnce() throws Exception {
    refuseRows();
    String id = daemon.check(REFUSED, "rm -rf /");
    await().atMost(LIMIT).until(() -> json(daemon.get("/v1/dlq")).path("dead_letters").size() == 1);
    String path =
        "/v1/dlq/"
            + json(daemon.get("/v1/dlq")).path("dead_letters").path(0).path("letter").asInt();
    assertThat(daemon.post(path + "/replay", "").statusCode()).isEqualTo(409);
    daemon.sql("DROP TRIGGER refuse");

    daemon.allow(Role.OPERATOR);
    JsonNode replayed = json(daemon.post(path + "/replay", "{}"));
    assertThat(replayed.propertyNames()).containsExactly("letter", "replayed_as");
    daemon.allow(Role.values());
    daemon.check("agent:a", "ls");
    daemon.post(path + "/replay", "");

    assertThat(replayed.path("replayed_as").stringValue()).isEqualTo(id);
    assertThat(json(daemon.get(path)).path("replayed_as").stringValue()).isEqualTo(id);
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    JsonNode report = verified("").path("report");
    assertThat(report.path("verdict").stringValue()).as("%s", report).isEqualTo("intact");
  }

  @Test
  void policyIsShownWithRemarks() throws Exception {
    JsonNode policy = json(daemon.get("/v1/policy"));

    assertThat(policy.path("digest").stringValue()).isEqualTo(daemon.log().policy().digest());
    assertThat(policy.path("rules").asInt()).isPositive();
    assertThat(policy.path("table")).hasSize(policy.path("rules").asInt());
    JsonNode file = policy.path("files").path(0);
    assertThat(
            new PolicyText(
                    List.of(
                        new PolicyText.File(
                            Optional.of(file.path("name").stringValue()),
                            file.path("text").stringValue())))
                .digest())
        .as("the text has the digest")
        .isEqualTo(daemon.log().policy().digest());
  }

  @Test
  void explanationIsNotRecorded() throws Exception {
    String asked =
        "{\"agent_id\":\"agent:alice\",\"action\":{\"kind\":\"bash\",\"command\":\"rm -rf /\"}}";
    JsonNode explained = json(daemon.post("/v1/policy/explain", asked));

    assertThat(explained.path("decision").path("decision").stringValue()).isEqualTo("refuse");
    assertThat(explained.path("decision").path("id").isNull()).isTrue();
    assertThat(explained.path("facts").toString()).contains("deletes / recursively");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    assertThat(json(daemon.get("/v1/events?verdict=any")).path("events")).isEmpty();
    assertThat(daemon.post("/v1/policy/explain", "{\"action\":1}").statusCode()).isEqualTo(400);
  }

  @Test
  void reloadReportsAChange() throws Exception {
    Path rules = data().resolve("policy/rules.yaml");
    assertThat(json(daemon.post("/v1/policy/reload", "")).path("changed").booleanValue()).isFalse();
    Files.writeString(rules, Files.readString(rules) + "# a comment\n");

    JsonNode reloaded = json(daemon.post("/v1/policy/reload", "{}"));

    assertThat(reloaded.path("changed").booleanValue()).isTrue();
    assertThat(reloaded.path("digest").stringValue()).isEqualTo(daemon.log().policy().digest());
  }

  @Test
  void invalidRulesDoNotReplaceTheLoadedOnes() throws Exception {
    String before = daemon.log().policy().digest();
    Files.writeString(data().resolve("policy/rules.yaml"), "rules: [");

    HttpResponse<String> response = daemon.post("/v1/policy/reload", "");

    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(json(response).path("detail").stringValue()).contains("rules.yaml");
    assertThat(daemon.log().policy().digest()).isEqualTo(before);
  }

  @Test
  void statusDescribesTheLog() throws Exception {
    daemon.check("agent:a", "rm -rf /");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();

    JsonNode status = json(daemon.get("/v1/status"));

    assertThat(status.path("state").stringValue()).isEqualTo("ok");
    assertThat(status.path("rows").asInt()).isEqualTo(2);
    assertThat(status.path("refusals").asInt()).isEqualTo(1);
    assertThat(status.path("waiting").path("alive").asInt()).isZero();
  }

  /** A value that cannot be read is null and not zero (D11). */
  @Test
  void statusOfAnUnreadableValueIsNull() throws Exception {
    daemon.check("agent:a", "rm -rf /");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    daemon.sql("DROP TABLE signed_events_dlq");

    JsonNode status = json(daemon.get("/v1/status"));

    assertThat(status.path("state").stringValue()).isEqualTo("unhealthy");
    assertThat(status.path("approval").path("deferred_audit_dlq_size").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1/events/x/proof, READER",
    "POST, /v1/verify, READER",
    "GET, /v1/verify/x, READER",
    "GET, /v1/dlq, READER",
    "GET, /v1/dlq/1, READER",
    "POST, /v1/dlq/1/replay, OPERATOR",
    "GET, /v1/policy, READER",
    "POST, /v1/policy/reload, OPERATOR",
    "GET, /v1/status, READER"
  })
  void eachPathNeedsItsRole(String method, String path, Role role) throws Exception {
    for (Role other : Role.values()) {
      daemon.allow(other);
      HttpResponse<String> response =
          method.equals("GET") ? daemon.get(path) : daemon.post(path, "");
      assertThat(response.statusCode() == 403)
          .as("%s", other)
          .isNotEqualTo(new Grant(Set.of(other), Optional.empty()).includes(role));
    }
  }
}
