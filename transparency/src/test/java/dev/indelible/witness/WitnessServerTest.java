// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.checkpoint.SignatureType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A witness over HTTP: statuses, content types, and protection of clients from one another. */
class WitnessServerTest {
  @TempDir Path temporary;
  private WitnessDirectory directory;
  private WitnessDirectory.Open open;
  private WitnessServer server;
  private final TestedLog log = new TestedLog("log.example/audit", 1).grow("a", 70);
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeEach
  void start() throws Exception {
    directory = new WitnessDirectory(temporary.resolve("witness"));
    directory.init("witness.example/w1", SignatureType.COSIGNATURE);
    directory.trust(log.key());
    open = directory.open();
    server =
        WitnessServer.start(
            open.witness(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    open.close();
  }

  private int post(int port, String body) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/add-checkpoint"))
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.address().getPort() + path))
            .timeout(Duration.ofSeconds(30))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void checkpointIsCosignedAndConflictHasItsType() throws Exception {
    HttpResponse<String> cosigned = send("POST", "/add-checkpoint", log.request(0));
    assertThat(cosigned.statusCode()).isEqualTo(200);
    assertThat(cosigned.body()).startsWith("— witness.example/w1 ").endsWith("\n");
    HttpResponse<String> conflict = send("POST", "/add-checkpoint", log.request(0));
    assertThat(conflict.statusCode()).isEqualTo(409);
    assertThat(conflict.body()).isEqualTo("70\n");
    assertThat(conflict.headers().firstValue("Content-Type")).contains("text/x.tlog.size");
  }

  @Test
  void monitorsSeeTheLastCheckpointWithItsCosignature() throws Exception {
    String path = "/" + WitnessMemory.nameOf("log.example/audit") + "/checkpoint";
    assertThat(send("GET", path, "").statusCode()).isEqualTo(404);
    String line = send("POST", "/add-checkpoint", log.request(0)).body();
    HttpResponse<String> seen = send("GET", path, "");
    assertThat(seen.statusCode()).isEqualTo(200);
    assertThat(seen.body()).isEqualTo(log.checkpoint(70) + line);
  }

  @Test
  void unknownPathIsRefused() throws Exception {
    assertThat(send("GET", "/add-checkpoint", "").statusCode()).isEqualTo(405);
    assertThat(send("GET", "/add-checkpoint", "").headers().firstValue("Allow")).contains("POST");
    assertThat(send("GET", "/", "").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/../keys/audit.pem", "").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/%2e%2e/logs/checkpoint", "").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/add-checkpoint", "").statusCode()).isEqualTo(400);
  }

  @Test
  void oversizeRequestIsRefusedUnread() throws Exception {
    String body = "x".repeat(WitnessServer.MAX_BYTES + 1);
    assertThat(send("POST", "/add-checkpoint", body).statusCode()).isEqualTo(413);
    assertThat(send("POST", "/add-checkpoint", "x".repeat(WitnessServer.MAX_BYTES)).statusCode())
        .isEqualTo(400);
  }

  /**
   * More clients than the witness serves at once send requests that never end. The witness
   * disconnects them at the time limit, and serves another client. The witness runs in its own
   * process, because the limits apply to a whole process.
   */
  @Test
  void slowClientsAreDisconnected() throws Exception {
    server.close();
    open.close();
    WitnessProcess process = WitnessProcess.serving(directory, "-Dsun.net.httpserver.maxReqTime=1");
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < WitnessServer.THREADS + 4; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), process.port());
        slow.add(socket);
        OutputStream out = socket.getOutputStream();
        String half = "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n";
        out.write(half.getBytes(StandardCharsets.US_ASCII));
        if (i % 2 == 0) {
          out.write("Content-Length: 1000\r\n\r\nold".getBytes(StandardCharsets.US_ASCII));
        }
        out.flush();
      }
      // A client that waits too long is disconnected and tries again, as logs do. If its checkpoint
      // was stored before that, the answer is a conflict.
      await()
          .atMost(Duration.ofMinutes(3))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> Set.of(200, 409).contains(post(process.port(), log.request(0))));
      for (Socket socket : slow) {
        socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
        assertThat(endsWithin(socket)).isTrue();
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
      process.kill();
    }
  }

  private static boolean endsWithin(Socket socket) throws IOException {
    try (InputStream in = socket.getInputStream()) {
      return in.readAllBytes().length == 0;
    } catch (SocketException e) {
      return true;
    }
  }
}
