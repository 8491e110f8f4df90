// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.indelible.hook.GateRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A gateway in front of a server over HTTP. Each test sets the server's replies. */
class HttpUpstreamTest {
  /** A reply of the server. */
  private record Reply(int status, String type, String body) {}

  /** A request that the server received, with the relevant headers by name. */
  private record Got(String method, Map<String, String> headers, String body) {}

  private final List<Got> got = new CopyOnWriteArrayList<>();
  private final CountDownLatch released = new CountDownLatch(1);

  /** The reply of the server, unless the request is a GET, a notification or {@code tools/list}. */
  private volatile Reply reply = json("{\"content\":[]}");

  private HttpServer server;
  private TestClient client;
  private CompletableFuture<Gateway.Ending> ended;

  private static Reply json(String result) {
    return new Reply(
        200,
        "application/json",
        "{\"jsonrpc\":\"2.0\",\n \"id\":1,\r\n\"result\":%s}".formatted(result));
  }

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::answer);
    server.start();
    client = new TestClient();
    Judge judge =
        new Judge() {
          @Override
          public Verdict decide(GateRequest asked) {
            return new Verdict("allow", Optional.of("id"), Optional.empty(), Optional.empty());
          }

          @Override
          public void refuseUnreadable(byte[] input, long line, String problem) {}
        };
    Gateway gateway =
        new Gateway(
            new Gateway.Settings("s", Optional.empty()),
            judge,
            client.toGateway(),
            client.fromGateway());
    URI uri = URI.create("http://127.0.0.1:%s/mcp".formatted(server.getAddress().getPort()));
    ended =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return gateway.run(uri, Optional.of("secret"));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  @AfterEach
  void stop() throws Exception {
    released.countDown();
    client.close();
    ended.join();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
    got.add(new Got(exchange.getRequestMethod(), headers, body));
    Reply now = reply;
    if (exchange.getRequestMethod().equals("GET")) {
      now = new Reply(405, "text/plain", "");
    } else if (body.contains("tools/list")) {
      String id = body.replaceFirst("(?s).*\"id\":(\"[^\"]*\").*", "$1");
      now =
          new Reply(
              200,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"tools\":[%s]}}"
                  .formatted(id, FakeServer.tool("t", "d")));
    } else if (body.contains("notifications/")) {
      now = new Reply(202, "", "");
    } else if (now.type().equals("wait")) {
      try {
        released.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (!now.type().isEmpty()) {
      exchange.getResponseHeaders().set("Content-Type", now.type());
    }
    if (body.contains("initialize\"")) {
      exchange.getResponseHeaders().set("Mcp-Session-Id", "session-1");
    }
    byte[] bytes = now.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(now.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Got last(String part) {
    await()
        .until(() -> got.stream().anyMatch(each -> (each.method() + each.body()).contains(part)));
    return got.stream()
        .filter(each -> (each.method() + each.body()).contains(part))
        .findFirst()
        .orElseThrow();
  }

  private static String call(String meta) {
    return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{%s\"name\":\"t\"}}"
        .formatted(meta);
  }

  @Test
  void handshakeBeginsASessionThatIsEnded() throws Exception {
    reply = json("{\"protocolVersion\":\"2025-11-25\"}");
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}");
    assertThat(client.receive().has("result")).isTrue();
    client.send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    last("GET");
    reply = json("{\"content\":[]}");
    client.send(call(""));
    client.receive();
    client.close();
    ended.join();

    assertThat(last("initialize\"").headers()).doesNotContainKey("Mcp-Session-Id");
    for (String part : List.of("notifications/initialized", "GET", "tools/call", "DELETE")) {
      assertThat(last(part).headers())
          .as(part)
          .containsEntry("Mcp-Session-Id", "session-1")
          .containsEntry("Authorization", "Bearer secret");
    }
    assertThat(last("tools/call").headers()).containsEntry("MCP-Protocol-Version", "2025-11-25");
  }

  @Test
  void statelessRequestHasItsHeaders() throws Exception {
    client.send(call("\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},"));
    client.receive();

    assertThat(last("tools/call").headers())
        .containsEntry("MCP-Protocol-Version", "2026-07-28")
        .containsEntry("Mcp-Method", "tools/call")
        .containsEntry("Mcp-Name", "t")
        .doesNotContainKey("Mcp-Session-Id");
  }

  @Test
  void nameInvalidInAHeaderIsEncoded() throws Exception {
    client.send(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},\"name\":\"\u20ac\"}}");
    client.receive();

    assertThat(last("prompts/get").headers()).containsEntry("Mcp-Name", "=?base64?4oKs?=");
  }

  @Test
  void eventsOfAnAnswerArriveInOrder() throws Exception {
    reply =
        new Reply(
            200,
            "text/event-stream; charset=utf-8",
            ": hello\r\n"
                + "id: 1\r\n"
                + "event: message\r\n"
                + "data:"
                + " {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}\r\n\r\n"
                + "data: {\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n\n"
                + "data:{\"jsonrpc\":\"2.0\",\n"
                + "data:\"id\":1,\"result\":{\"content\":[]}}\n\n");
    client.send(call(""));

    assertThat(client.receive().path("method").asString()).isEqualTo("notifications/progress");
    JsonNode answer = client.receive();
    assertThat(answer.path("id").intValue()).as("the answer to this request").isEqualTo(1);
    assertThat(answer.has("result")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "401, text/plain, no, HTTP status 401",
    "404, text/html, <html>, HTTP status 404",
    "302, text/plain, moved, HTTP status 302",
    "200, text/plain, hello, HTTP status 200",
    "200, application/json, '', HTTP status 200",
    "200, text/event-stream, ': nothing', HTTP status 200"
  })
  void requestWithoutAnAnswerGetsAnError(int status, String type, String body, String reason)
      throws Exception {
    reply = new Reply(status, type, body);
    client.send(call(""));

    JsonNode answer = client.receive();
    assertThat(answer.path("id").intValue()).isEqualTo(1);
    assertThat(answer.path("error").path("message").asString()).contains(reason);
  }

  @Test
  void errorOfTheServerIsPassedOn() throws Exception {
    reply =
        new Reply(
            400,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":\"m\"}}");
    client.send(call(""));

    assertThat(client.receive().path("error").path("code").intValue()).isEqualTo(-32022);
    assertThat(client.waiting()).isZero();
  }

  @Test
  void cancelledStatelessRequestIsClosed() throws Exception {
    reply = new Reply(200, "wait", "");
    client.send(call("\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},"));
    last("tools/call");
    client.send(
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
    reply = json("{}");
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");

    assertThat(client.receive().has("result")).isTrue();
    assertThat(got).noneMatch(each -> each.body().contains("cancelled"));
  }

  @Test
  void answerThatCannotBeHandledBecomesAnError() throws Exception {
    URI uri = URI.create("http://127.0.0.1:%s/mcp".formatted(server.getAddress().getPort()));
    BlockingQueue<String> delivered = new LinkedBlockingQueue<>();
    AtomicBoolean hasFailed = new AtomicBoolean();
    HttpUpstream upstream =
        new HttpUpstream(
            new HttpUpstream.Address(uri, Optional.empty()),
            new Upstream.Listener() {
              @Override
              public void receive(Lines.Line message) {
                if (hasFailed.compareAndSet(false, true)) {
                  throw new StackOverflowError("test");
                }
                delivered.add(new String(message.bytes(), StandardCharsets.UTF_8));
              }

              @Override
              public void end(String reason) {}
            });

    upstream.send(Message.read(call("").getBytes(StandardCharsets.UTF_8)));

    assertThat(delivered.poll(60, TimeUnit.SECONDS)).contains("\"error\"", "StackOverflowError");
    upstream.close();
  }

  @Test
  void serverThatIsGoneIsAnError() throws Exception {
    server.stop(0);
    client.send("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}");

    assertThat(client.receive().path("error").path("message").asString())
        .contains("cannot be reached");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://example.com/mcp", "ftp://localhost/", "mcp", "https:///x"})
  void addressThatOthersCouldReadIsRefused(String uri) {
    assertThatThrownBy(() -> new HttpUpstream.Address(URI.create(uri), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("https");
  }

  /** The JDK's exception would quote the token, and the model would read it. */
  @ParameterizedTest
  @ValueSource(strings = {"secret\n", "secret\r\nX: y", "sec ret", "secret\u20ac"})
  void tokenInvalidInAHeaderIsRefusedUnquoted(String token) {
    URI uri = URI.create("https://mcp.example.com/mcp");

    assertThatThrownBy(() -> new HttpUpstream.Address(uri, Optional.of(token)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains("token")
        .doesNotContain("sec");
  }
}
