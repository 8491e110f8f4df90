// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.hook.GateRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** A client starts a gateway for itself, so that a run of the gateway is a session. */
class GatewaySessionTest {
  /** Returns the sessions of two calls in one run. */
  private static List<String> sessionsOfARun() throws Exception {
    FakeServer server = new FakeServer();
    server.list(FakeServer.tool("read_file", "Reads a file."));
    List<String> sessions = new CopyOnWriteArrayList<>();
    Judge judge =
        new Judge() {
          @Override
          public Verdict decide(GateRequest asked) {
            sessions.add(asked.agent().session().orElse(""));
            return new Verdict("allow", Optional.of("e"), Optional.empty(), Optional.empty());
          }

          @Override
          public void refuseUnreadable(byte[] input, long line, String problem) {}
        };
    TestClient client = new TestClient();
    Gateway gateway =
        new Gateway(
            new Gateway.Settings("fs", Optional.empty()),
            judge,
            client.toGateway(),
            client.fromGateway());
    CompletableFuture<Gateway.Ending> ended = new CompletableFuture<>();
    new Thread(
            () -> {
              try {
                ended.complete(gateway.run(server::start));
              } catch (Throwable e) {
                ended.completeExceptionally(e);
              }
            })
        .start();
    for (int id = 0; id < 2; id++) {
      client.send(
          "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"tools/call\",\"params\":{\"name\":\"read_file\"}}"
              .formatted(id));
      client.receive();
    }
    client.close();
    ended.join();
    return sessions;
  }

  @Test
  void runOfAGatewayIsASession() throws Exception {
    List<String> first = sessionsOfARun();
    List<String> second = sessionsOfARun();

    assertThat(first).hasSize(2).doesNotContain("");
    assertThat(first.get(1)).isEqualTo(first.get(0));
    assertThat(second).doesNotContain(first.get(0));
  }
}
