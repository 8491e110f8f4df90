// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real connections, and a clock that only the test moves. */
@Timeout(120)
class IdleConnectionsTest {
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);
  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server, 1, 1);

  @BeforeEach
  void start() throws Exception {
    server.addConnector(connector);
    server.setHandler(
        new Handler.Abstract() {
          /** Never answers /slow. */
          @Override
          public boolean handle(Request request, Response response, Callback callback) {
            IdleConnections.begin(request);
            if (!request.getHttpURI().getPath().equals("/slow")) {
              callback.succeeded();
            }
            return true;
          }
        });
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.setStopTimeout(0);
    server.stop();
  }

  private IdleConnections idle(int crowded) {
    IdleConnections.Allowed allowed =
        new IdleConnections.Allowed(Duration.ofSeconds(10), crowded, Duration.ofSeconds(1), 512);
    return new IdleConnections(connector, allowed, clock::get);
  }

  private Socket connect(String sent) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress("127.0.0.1", connector.getLocalPort()));
    socket.setSoTimeout(60_000);
    send(socket, sent);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private Socket connected(String sent) throws IOException {
    Socket socket = connect(sent);
    long wanted = sent.length();
    Awaitility.await()
        .until(
            () ->
                connector.getConnectedEndPoints().stream()
                    .filter(end -> end.getConnection() != null)
                    .anyMatch(
                        end ->
                            end.getRemoteSocketAddress().equals(socket.getLocalSocketAddress())
                                && end.getConnection().getBytesIn() >= wanted));
    return socket;
  }

  private void requireAnswer(Socket socket) throws IOException {
    assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
        .isEqualTo("HTTP/1.1 200");
    Awaitility.await()
        .until(
            () ->
                connector.getConnectedEndPoints().stream()
                    .filter(
                        end -> end.getRemoteSocketAddress().equals(socket.getLocalSocketAddress()))
                    .noneMatch(end -> IdleConnections.isInProgress(end.getConnection())));
  }

  private static void pass(AtomicLong clock, int seconds) {
    clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Test
  void headByteByByteHasADeadline() throws Exception {
    IdleConnections idle = idle(100);
    try (Socket slow = connected("GET / HTTP/1.1\r\nA: ")) {
      for (int i = 0; i < 9; i++) {
        idle.closeIdle();
        pass(clock, 1);
        send(slow, "x");
      }
      idle.closeIdle();
      assertThat(connector.getConnectedEndPoints()).hasSize(1);

      pass(clock, 1);
      idle.closeIdle();

      Awaitility.await().until(() -> connector.getConnectedEndPoints().isEmpty());
    }
  }

  @Test
  void laterHeadHasADeadlineFromItsFirstByte() throws Exception {
    IdleConnections idle = idle(100);
    try (Socket kept = connected(REQUEST)) {
      requireAnswer(kept);
      idle.closeIdle();
      pass(clock, 25);
      idle.closeIdle();
      assertThat(connector.getConnectedEndPoints()).as("an idle connection").hasSize(1);
      send(kept, "G");
      Awaitility.await()
          .until(
              () ->
                  connector.getConnectedEndPoints().iterator().next().getConnection().getBytesIn()
                      > REQUEST.length());
      idle.closeIdle();
      pass(clock, 10);
      idle.closeIdle();

      Awaitility.await().until(() -> connector.getConnectedEndPoints().isEmpty());
    }
  }

  @Test
  void manyConnectionsAreKeptOnlyWithRequests() throws Exception {
    IdleConnections idle = idle(3);
    try (Socket answered = connected(REQUEST);
        Socket empty = connected("");
        Socket busy = connected(REQUEST.replace("/ ", "/slow "))) {
      Awaitility.await()
          .until(
              () ->
                  connector.getConnectedEndPoints().stream()
                      .filter(
                          end -> end.getRemoteSocketAddress().equals(busy.getLocalSocketAddress()))
                      .anyMatch(end -> IdleConnections.isInProgress(end.getConnection())));
      requireAnswer(answered);
      idle.closeIdle();
      pass(clock, 1);
      idle.closeIdle();

      assertThat(empty.getInputStream().read()).isEqualTo(-1);
      assertThat(answered.getInputStream().readAllBytes()).isNotEmpty();
      Awaitility.await().until(() -> connector.getConnectedEndPoints().size() == 1);
      assertThat(connector.getConnectedEndPoints())
          .allSatisfy(
              end ->
                  assertThat(end.getRemoteSocketAddress()).isEqualTo(busy.getLocalSocketAddress()));
    }
  }
}
