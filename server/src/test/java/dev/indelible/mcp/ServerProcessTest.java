// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Server processes that misbehave, each written as a shell script. */
class ServerProcessTest implements Upstream.Listener {
  private final BlockingQueue<Lines.Line> lines = new LinkedBlockingQueue<>();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private Optional<ServerProcess> server = Optional.empty();

  @TempDir Path temp;

  @Override
  public void receive(Lines.Line message) {
    lines.add(message);
  }

  @Override
  public void end(String reason) {
    ended.complete(reason);
  }

  private ServerProcess start(String script) throws IOException {
    return keep(ServerProcess.start(List.of("sh", "-c", script), this));
  }

  /** Starts a server that gets signals soon. */
  private ServerProcess startWithShortGrace(String script) throws IOException {
    return keep(ServerProcess.start(List.of("sh", "-c", script), this, Duration.ofMillis(200)));
  }

  private ServerProcess keep(ServerProcess started) {
    server = Optional.of(started);
    return started;
  }

  @AfterEach
  void close() {
    server.ifPresent(ServerProcess::close);
  }

  private String line() throws Exception {
    Lines.Line line = lines.poll(60, TimeUnit.SECONDS);
    assertThat(line).isNotNull();
    return new String(line.bytes(), StandardCharsets.UTF_8);
  }

  private static Message message(String method) throws Exception {
    return new Message(
        (ObjectNode)
            CanonicalJson.read("{\"jsonrpc\":\"2.0\",\"method\":\"%s\"}".formatted(method)));
  }

  private String reason() throws Exception {
    return ended.get(60, TimeUnit.SECONDS);
  }

  @Test
  void linesGoBothWays() throws Exception {
    start("while read -r l; do echo \"got $l\"; done").send(message("ping"));

    assertThat(line()).isEqualTo("got {\"jsonrpc\":\"2.0\",\"method\":\"ping\"}");
  }

  @Test
  void endOfServerHasItsStatus() throws Exception {
    start("echo last; exit 3");

    assertThat(reason()).isEqualTo("the server ended with status 3");
    assertThat(line()).isEqualTo("last");
  }

  @Test
  void endedServerWithARunningChildHasEnded() throws Exception {
    startWithShortGrace("sleep 60 2>/dev/null & exit 0");

    assertThat(reason()).isEqualTo("the server ended with status 0");
  }

  @Test
  void messageToAServerThatEndedFails() throws Exception {
    ServerProcess gone = start("exit 0");
    reason();

    await()
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> gone.send(message("ping")))
                    .isInstanceOf(IOException.class));
  }

  @Test
  void hugeLineIsCut() throws Exception {
    int bytes = ServerProcess.MAX_LINE_BYTES + 100_000;
    start("head -c %s /dev/zero | tr '\\0' x; echo '\"id\":5}'; echo next".formatted(bytes));

    Lines.Line huge = lines.poll(60, TimeUnit.SECONDS);
    assertThat(huge.isCut()).isTrue();
    assertThat(huge.bytes()).hasSize(ServerProcess.MAX_LINE_BYTES);
    assertThat(new String(huge.tail(), StandardCharsets.UTF_8)).endsWith("xx\"id\":5}");
    assertThat(line()).isEqualTo("next");
  }

  @Test
  void floodIsReadToItsEnd() throws Exception {
    start("yes garbage | head -n 200000");

    assertThat(reason()).isEqualTo("the server ended with status 0");
    assertThat(lines).hasSize(200_000);
  }

  @Test
  void stubbornServerIsKilledWithItsChildren() throws Exception {
    Path pids = temp.resolve("pids");
    ServerProcess stubborn =
        startWithShortGrace(
            "trap '' TERM; sleep 600 2>/dev/null & echo $! >%1$s; echo $$ >>%1$s; echo up; while :; do sleep 600; done"
                .formatted(pids));
    assertThat(line()).isEqualTo("up");

    stubborn.close();

    for (String pid : Files.readAllLines(pids)) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  ProcessHandle.of(Long.parseLong(pid)).map(each -> !each.isAlive()).orElse(true));
    }
  }

  /** The server reads nothing, so the pipe fills up. The server can be ended nevertheless. */
  @Test
  void serverThatDoesNotReadCanBeEnded() throws Exception {
    ServerProcess deaf = startWithShortGrace("echo up; exec sleep 600 2>/dev/null");
    line();
    deaf.send(message("x".repeat(1 << 20)));

    deaf.close();

    assertThat(reason()).startsWith("the server ended with status ");
    await()
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> deaf.send(message("ping")))
                    .isInstanceOf(IOException.class));
  }

  @Test
  void messagesForAServerThatDoesNotReadAreLimited() throws Exception {
    ServerProcess deaf = startWithShortGrace("echo up; exec sleep 600 2>/dev/null");
    line();
    Message large = message("x".repeat(ServerProcess.MAX_UNSENT_BYTES / 4));

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 5; i++) {
                deaf.send(large);
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it reads nothing");
  }

  /** The gateway would run for ever if the thread that reads the client waited for the server. */
  @Test
  void endOfTheClientIsSeenWhileTheServerDoesNotRead() throws Exception {
    TestClient client = new TestClient();
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
    CompletableFuture<Gateway.Ending> running = new CompletableFuture<>();
    ServerProcess.daemon(
        "gateway",
        () -> {
          try {
            running.complete(
                gateway.run(
                    listener ->
                        ServerProcess.start(
                            List.of("sh", "-c", "exec sleep 600 2>/dev/null"),
                            listener,
                            Duration.ofMillis(200))));
          } catch (IOException e) {
            running.completeExceptionally(e);
          }
        });
    byte[] large =
        (new String(message("x".repeat(1 << 20)).bytes(), StandardCharsets.UTF_8) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    ServerProcess.daemon(
        "client",
        () -> {
          client.send(large);
          client.send(large);
          client.close();
        });

    assertThat(running.get(60, TimeUnit.SECONDS))
        .isEqualTo(new Gateway.Ending(false, "the client closed its stream"));
  }

  @Test
  void programThatDoesNotExistIsNamed() {
    assertThatThrownBy(() -> ServerProcess.start(List.of("no-such-program"), this))
        .hasMessageContaining("no-such-program");
  }
}
