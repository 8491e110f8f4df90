// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.access.Role;
import dev.indelible.hook.HookDialect;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests of hooks that no endpoint answers. Claude Code runs the tool after any status but 200,
 * and ignores an answer that names another event; Codex has no form without an event.
 */
class HookRefusalTest {
  private static final String SKILL = "PreSkillShellCommand";
  private static final String PERMISSION = "PermissionRequest";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    start(HttpServer.CONTENT_LIMIT);
  }

  private void start(Duration contentLimit) throws Exception {
    Routes routes =
        new Routes(request -> Optional.of(Caller.LOCAL), new Limits(0), Optional.empty());
    for (String agent : HookDialect.agents()) {
      routes.post(
          "/v1/hooks/" + agent,
          Role.AGENT,
          request -> {
            throw new OutOfMemoryError("a test");
          },
          Hooks.blocking(HookDialect.named(agent).orElseThrow()));
    }
    ServeSettings settings =
        new ServeSettings(
            new InetSocketAddress("127.0.0.1", 0), null, null, AccessSettings.DEFAULT);
    server = HttpServer.start(settings, Optional.empty(), routes, contentLimit);
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  private static String question(String event) {
    return "{\"session_id\":\"s\",\"hook_event_name\":\"%s\",\"tool_input\":{\"command\":\""
        .formatted(event);
  }

  /** Returns the head of a request with content of a length. */
  private static String head(String agent, String headers, int length) {
    return "POST /v1/hooks/%s HTTP/1.1\r\nContent-Type: application/json\r\n%sContent-Length: %s"
            .formatted(agent, headers, length)
        + "\r\nConnection: close\r\n\r\n";
  }

  private String exchange(String request) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", server.port().orElseThrow()));
      socket.setSoTimeout((int) LIMIT.toMillis());
      try {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      } catch (SocketException e) {
        // The server has answered before all was sent.
      }
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void assertBlocks(String answer, String event) {
    assertThat(answer).startsWith("HTTP/1.1 200 ").contains("\"hookEventName\":\"" + event + "\"");
    assertThat(answer).contains("deny");
  }

  static Stream<Arguments> refusedHeads() {
    return Stream.of(
        Arguments.of("foreign host", "Host: evil.example\r\n"),
        Arguments.of("page", "Host: localhost\r\nOrigin: http://localhost\r\n"),
        Arguments.of("header given twice", "Host: localhost\r\nOrigin: a\r\nOrigin: b\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusedHeads")
  void refusedHeadBlocksInTheEventsForm(String name, String headers) throws Exception {
    String claude = question(SKILL) + "ls\"}}";
    String codex = question(PERMISSION) + "ls\"}}";

    assertBlocks(exchange(head("claude-code", headers, claude.length()) + claude), SKILL);
    assertBlocks(exchange(head("codex", headers, codex.length()) + codex), PERMISSION);
  }

  @Test
  void failureBlocksInTheEventsForm() throws Exception {
    String claude = question(SKILL) + "ls\"}}";

    assertBlocks(
        exchange(head("claude-code", "Host: localhost\r\n", claude.length()) + claude), SKILL);
  }

  /** The client may read the answer only after it has sent everything. */
  @Test
  void contentBeyondTheLimitBlocksInTheEventsForm() throws Exception {
    String large = question(SKILL) + "x".repeat(HttpServer.MAX_BODY_BYTES + (1 << 20));
    String chunk = Integer.toHexString(large.length()) + "\r\n" + large + "\r\n0\r\n\r\n";
    String chunked =
        head("claude-code", "Host: localhost\r\n", 0)
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");

    assertBlocks(
        exchange(head("claude-code", "Host: localhost\r\n", large.length()) + large), SKILL);
    assertBlocks(exchange(chunked + chunk), SKILL);
  }

  @Test
  void slowContentBlocksInTheEventsForm() throws Exception {
    server.stop();
    start(Duration.ofSeconds(1));
    String begun = question(SKILL);

    assertBlocks(exchange(head("claude-code", "Host: localhost\r\n", 1_000) + begun), SKILL);
  }

  @Test
  void unknownEventIsBlockedInAnyForm() throws Exception {
    String flood = "Host: localhost\r\n" + "A: b\r\n".repeat(4_000);

    assertThat(exchange(head("claude-code", flood, 2) + "{}"))
        .startsWith("HTTP/1.1 200 ")
        .contains("\"continue\":false", "\"decision\":\"block\"");
    assertThat(exchange(head("cursor", flood, 2) + "{}"))
        .startsWith("HTTP/1.1 200 ")
        .contains("\"permission\":\"deny\"");
    // The client in C then ends with the exit status that blocks.
    assertThat(exchange(head("codex", flood, 2) + "{}")).startsWith("HTTP/1.1 431 ");
    assertThat(exchange(head("codex", "Host: localhost\r\n", 2) + "{}"))
        .startsWith("HTTP/1.1 500 ");
  }
}
