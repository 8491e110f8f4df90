// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static dev.indelible.server.RunningDaemon.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.access.Role;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Searches and counts over HTTP. */
class EventsTest {
  @TempDir Path temp;
  private RunningDaemon daemon;

  @BeforeEach
  void start() throws Exception {
    daemon = new RunningDaemon(temp.resolve("data"));
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  /** Waits until the index, and so a search, covers every row. */
  private void settle() throws Exception {
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              JsonNode page = json(daemon.get("/v1/events?limit=1"));
              return page.path("indexed").asLong() == page.path("last").asLong()
                  && page.path("last").asLong() > 1;
            });
  }

  private List<String> ids(String parameters) throws Exception {
    List<String> found = new ArrayList<>();
    String cursor = "";
    while (cursor != null) {
      HttpResponse<String> response = daemon.get("/v1/events?" + parameters + cursor);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      JsonNode page = json(response);
      page.path("events").forEach(event -> found.add(event.path("id").stringValue()));
      cursor = page.path("next").isNull() ? null : "&cursor=" + page.path("next").stringValue();
    }
    return found;
  }

  @Test
  void filtersFindEvents() throws Exception {
    String refused = daemon.check("agent:a", "rm -rf /");
    String allowed = daemon.check("agent:a", "ls");
    String other = daemon.check("agent:b", "ls other");
    settle();

    assertThat(ids("verdict=refuse")).containsExactly(refused);
    assertThat(ids("verdict=any")).containsExactly(other, allowed, refused);
    assertThat(ids("agent=agent%3Aa")).containsExactly(allowed, refused);
    assertThat(ids("agent=agent%3Aa&order=oldest")).containsExactly(refused, allowed);
    assertThat(ids("text=ls%20other")).containsExactly(other);
    assertThat(ids("type=governance.refusal&since=1h")).containsExactly(refused);
    assertThat(ids("until=2000-01-01T00:00:00Z")).isEmpty();
    assertThat(ids("kind=bash&rule=no-such-rule")).isEmpty();
  }

  @Test
  void sessionFindsItsEvents() throws Exception {
    String asked =
        json(daemon.post(
                "/v1/check",
                "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"},"
                    + "\"session\":\"s-1\"}"))
            .path("id")
            .stringValue();
    daemon.post(
        "/v1/hooks/codex",
        "{\"session_id\":\"s-1\",\"turn_id\":\"t\",\"cwd\":\"/p\",\"hook_event_name\":"
            + "\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}");
    daemon.check("agent:a", "ls");
    settle();

    assertThat(ids("session=s-1")).hasSize(2);
    assertThat(ids("session=s-1&agent=agent:a")).containsExactly(asked);
    assertThat(ids("session=s-1&agent=codex:s-1")).hasSize(1);
    assertThat(ids("session=s-2")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"\"", "7", "null", "\"a\\nb\""})
  void sessionThatCannotBeRecordedIsRefused(String session) throws Exception {
    HttpResponse<String> response =
        daemon.post(
            "/v1/check",
            "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"},"
                + "\"session\":%s}".formatted(session));

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("detail").stringValue()).contains("session");
  }

  @Test
  void pagesHaveEveryEventOnce() throws Exception {
    List<String> recorded = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      recorded.add(daemon.check("agent:a", "ls " + i));
    }
    settle();

    assertThat(ids("agent=agent:a&order=oldest&limit=7")).isEqualTo(recorded);
    Collections.reverse(recorded);
    assertThat(ids("agent=agent:a&limit=4")).isEqualTo(recorded);
  }

  @Test
  void eventIsShownUntilItsPayloadIsErased() throws Exception {
    String id = daemon.check("agent:a", "rm -rf /");
    settle();
    JsonNode shown = json(daemon.get("/v1/events/" + id));
    assertThat(shown.path("erased").booleanValue()).isFalse();
    assertThat(shown.path("event").path("payload").path("action").path("command").stringValue())
        .isEqualTo("rm -rf /");

    daemon.log().log().erase(id, "asked to", "alice");

    JsonNode erased = json(daemon.get("/v1/events/" + id));
    assertThat(erased.path("erased").booleanValue()).isTrue();
    assertThat(erased.path("event").path("payload").isNull()).isTrue();
    assertThat(erased.path("event").path("sequence"))
        .isEqualTo(shown.path("event").path("sequence"));
    assertThat(ids("verdict=refuse")).isEmpty();
    assertThat(ids("verdict=any")).containsExactly(id);
    await()
        .atMost(LIMIT)
        .until(() -> json(daemon.get("/v1/stats")).path("decisions").path("unknown").asInt() == 1);
    assertThat(daemon.get("/v1/events/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
  }

  @Test
  void statsCountDecisions() throws Exception {
    daemon.check("agent:a", "rm -rf /");
    daemon.check("agent:a", "ls");
    daemon.check("agent:b", "ls");
    settle();

    JsonNode stats = json(daemon.get("/v1/stats?top=1&bucket=1d"));

    assertThat(stats.path("decisions").path("refuse").asInt()).isEqualTo(1);
    assertThat(stats.path("decisions").path("escalate").asInt()).isZero();
    assertThat(stats.path("decisions").path("allow").asInt()).isEqualTo(2);
    assertThat(stats.path("agents").get(0).path("name").stringValue()).isEqualTo("agent:a");
    assertThat(stats.path("more_agents").asInt()).isEqualTo(1);
    assertThat(stats.path("bucket_seconds").asInt()).isEqualTo(86_400);
    assertThat(json(daemon.get("/v1/stats?agent=agent:b")).path("decisions").path("allow").asInt())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/events?verdct=refuse | unknown parameter 'verdct'; known are agent, cursor, kind,",
        "/v1/stats?limit=3 | unknown parameter 'limit'; known are agent, bucket, kind,",
        "/v1/events?verdict=deny | unknown verdict 'deny'; known are allow, warn, refuse, escalate, any",
        "/v1/events?kind=shell | unknown kind 'shell'; known are bash,",
        "/v1/events?type=refusal | unknown type 'refusal'; known are access.approval_refused,",
        "/v1/events?order=random | unknown order 'random'; known are newest, oldest",
        "/v1/events?limit=1001 | limit: give a whole number from 1 to 1000",
        "/v1/events?limit=0 | limit: give a whole number from 1 to 1000",
        "/v1/events?since=yesterday | yesterday: give a time such as",
        "/v1/events?agent= | agent is empty",
        "/v1/events?cursor=AAAA | the cursor is malformed; begin without one",
        "/v1/stats?bucket=1y | 1y: give a duration such as 5m, 1h or 1d",
        "/v1/stats?bucket=0s | 0s: give a duration such as 5m, 1h or 1d",
        "/v1/stats?top=1001 | top: give a whole number from 0 to 1000",
        "/v1/events/x?payload=true | this path has no parameters"
      })
  void invalidParameterIsRefused(String path, String says) throws Exception {
    daemon.check("agent:a", "ls");
    settle();

    HttpResponse<String> response = daemon.get(path);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(json(response).path("detail").stringValue()).startsWith(says);
  }

  @ParameterizedTest
  @ValueSource(strings = {"since=1h", "since=2h&until=0s", "since=1h&order=oldest"})
  void durationCountsFromTheFirstPage(String parameters) throws Exception {
    for (int i = 0; i < 3; i++) {
      daemon.check("agent:a", "echo " + i);
    }
    settle();

    assertThat(ids("agent=agent%3Aa&limit=1&" + parameters)).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"since=2h&cursor=%s", "since=1h&cursor=%s0", "since=1h&cursor=x%s"})
  void cursorOfAnotherTimeIsRefused(String parameters) throws Exception {
    daemon.check("agent:a", "ls");
    daemon.check("agent:a", "ls");
    settle();
    String cursor = json(daemon.get("/v1/events?since=1h&limit=1")).path("next").stringValue();

    HttpResponse<String> other = daemon.get("/v1/events?limit=1&" + parameters.formatted(cursor));

    assertThat(other.statusCode()).as(other.body()).isEqualTo(400);
    assertThat(daemon.get("/v1/events?since=1h&limit=1&cursor=" + cursor).statusCode())
        .isEqualTo(200);
  }

  @Test
  void cursorOfAnotherSearchIsRefused() throws Exception {
    daemon.check("agent:a", "ls");
    daemon.check("agent:a", "ls");
    settle();
    String cursor = json(daemon.get("/v1/events?agent=agent:a&limit=1")).path("next").stringValue();

    assertThat(daemon.get("/v1/events?limit=1&cursor=" + cursor).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/events", "/v1/events/x", "/v1/stats"})
  void agentReadsNoEvents(String path) throws Exception {
    daemon.allow(Role.AGENT);

    assertThat(daemon.get(path).statusCode()).isEqualTo(403);
  }
}
