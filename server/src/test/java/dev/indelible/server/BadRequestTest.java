// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static dev.indelible.server.RunningDaemon.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Collections;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Malformed or malicious requests, and faults of the log while it serves. The daemon answers with a
 * status and a reason, does not hang, and permits nothing without a record. DaemonTest has the
 * ambiguous requests, foreign pages and taken addresses.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(180)
class BadRequestTest {
  private static final String POST =
      "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

  private static final int ACTIONS = 200;

  private static final long QUOTA_BYTES = 8L << 20;

  @TempDir static Path temp;
  private RunningDaemon daemon;

  @BeforeAll
  void start() throws Exception {
    daemon = new RunningDaemon(temp.resolve("data"));
    daemon.check("agent:a", "ls");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
  }

  @AfterAll
  void stop() {
    daemon.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress("127.0.0.1", daemon.uri("/").getPort()));
    socket.setSoTimeout((int) LIMIT.toMillis());
    return socket;
  }

  /** Sends bytes and returns the start of the response, up to and including the status. */
  private String ask(byte[] request) throws IOException {
    try (Socket socket = connect()) {
      try {
        socket.getOutputStream().write(request);
      } catch (SocketException e) {
        // The daemon has answered and ended the connection before all was sent.
      }
      return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
    }
  }

  private String ask(String request) throws IOException {
    return ask(request.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void floodOfHeadersIsRefused() throws Exception {
    assertThat(
            ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + "A: b\r\n".repeat(4_000) + "\r\n"))
        .isEqualTo("HTTP/1.1 431");
  }

  @Test
  void contentWithoutALengthIsLimited() throws Exception {
    String chunk = "10000\r\n" + " ".repeat(1 << 16) + "\r\n";

    assertThat(
            ask(
                POST
                    + "Transfer-Encoding: chunked\r\n\r\n"
                    + chunk.repeat((HttpServer.MAX_BODY_BYTES >> 16) + 1)
                    + "0\r\n\r\n"))
        .isEqualTo("HTTP/1.1 413");
  }

  @Test
  void contentThatIsNotUtf8IsRefusedAndRecorded() throws Exception {
    byte[] content =
        "{\"agent_id\":\"a\",\"action\":{\"kind\":\"bash\",\"command\":\"?\"}}"
            .getBytes(StandardCharsets.US_ASCII);
    content[new String(content, StandardCharsets.US_ASCII).indexOf('?')] = (byte) 0xff;
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(
        (POST + "Content-Length: " + content.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
    request.writeBytes(content);
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    long before = daemon.log().metrics().ledger().chainSequence().orElseThrow();

    assertThat(ask(request.toByteArray())).isEqualTo("HTTP/1.1 400");

    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    assertThat(daemon.log().metrics().ledger().chainSequence()).hasValue(before + 1);
  }

  /** Values need far more memory than their text. */
  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/check", "/v1/checks", "/access/v1/evaluation", "/mcp", "/v1/hooks/codex"})
  void contentWithTooManyValuesIsRefused(String path) throws Exception {
    String values = "{\"x\":[" + "{},".repeat(HttpServer.MAX_BODY_BYTES / 3 - 100) + "{}]}";

    HttpResponse<String> refused = daemon.post(path, values);

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("more than 100000 values");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/metrics/",
        "//metrics",
        "/metrics;x=1",
        "/metrics/.",
        "/x/../metrics",
        "/x/%2e%2e/metrics",
        "/metrics%00",
        "/metrics%2f",
        "/metrics%5c",
        "\\metrics",
        "http://evil.example/metrics",
        "*",
        "metrics"
      })
  void trickyPathIsRefused(String path) throws Exception {
    assertThat(ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .matches("HTTP/1\\.1 4[0-9]{2}");
  }

  /**
   * A decision needs only the journal. Its row is appended when the database is free (promises D1
   * and D2).
   */
  @Test
  void lockedDatabaseDelaysNoDecision() throws Exception {
    String id;
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + daemon.database());
        Statement statement = other.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 10000");
      statement.execute("BEGIN IMMEDIATE");
      id = daemon.check("agent:a", "ls locked");
      assertThat(daemon.get("/v1/status").statusCode()).isEqualTo(200);
      assertThat(daemon.get("/health/ready").statusCode()).isEqualTo(200);
      statement.execute("ROLLBACK");
    }
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
    try (LedgerReader ledger = daemon.log().log().reader()) {
      assertThat(ledger.row(id)).isPresent();
    }
  }

  /**
   * The journal reaches its quota. A full disk has the same effect; FullDiskTest uses real disks.
   */
  @Test
  void fullJournalPermitsNothing() throws Exception {
    Path data = temp.resolve("full");
    Set<String> answered = new HashSet<>();
    Indelible log =
        Indelible.builder(data).shutdownHook(false).journalQuotaBytes(QUOTA_BYTES).open();
    try (RunningDaemon full = new RunningDaemon(data, log)) {
      full.check("agent:a", "ls");
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
      try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + full.database());
          Statement statement = other.createStatement()) {
        statement.execute("PRAGMA busy_timeout = 10000");
        statement.execute("BEGIN IMMEDIATE");
        while (decide(full, answered)) {
          assertThat(answered).hasSizeLessThan(1_000_000);
        }
        assertThat(full.get("/health/audit").statusCode()).isEqualTo(503);
        assertThat(full.get("/health/ready").statusCode()).isEqualTo(503);
        statement.execute("ROLLBACK");
      }
      // It becomes ready without a request for a decision.
      await().atMost(LIMIT).until(() -> full.get("/health/ready").statusCode() == 200);
      await().atMost(LIMIT).until(() -> decide(full, answered));
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
      Set<String> chain = new HashSet<>();
      try (LedgerReader ledger = log.log().reader()) {
        ledger.forEachRow(RowQuery.all(), row -> chain.add(row.id()));
      }
      assertThat(chain).containsAll(answered);
    }
  }

  /**
   * Requests decisions, and returns true if all are permitted. Every permit must have an event id.
   */
  private static boolean decide(RunningDaemon daemon, Set<String> answered) throws Exception {
    String check =
        "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"echo %s\"}}"
            .formatted("a".repeat(2_000));
    JsonNode decisions =
        json(daemon.post(
                "/v1/checks",
                "{\"checks\":[" + String.join(",", Collections.nCopies(ACTIONS, check)) + "]}"))
            .path("decisions");
    boolean all = true;
    for (JsonNode decision : decisions) {
      Optional<String> id = decision.path("id").stringValueOpt();
      boolean permitted = decision.path("decision").stringValue().equals("allow");
      assertThat(permitted).as("%s", decision).isEqualTo(id.isPresent());
      id.ifPresent(answered::add);
      all &= permitted;
    }
    assertThat(decisions).hasSize(ACTIONS);
    return all;
  }
}
