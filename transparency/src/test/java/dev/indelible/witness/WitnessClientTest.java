// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.ReferenceTree;
import dev.indelible.testkit.FreePort;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client of a witness trusts nothing in an answer except a valid cosignature. */
@Timeout(120)
class WitnessClientTest {
  private static final SigningKey WITNESS = TestedLog.key(9);
  private static final VerifierKey KEY =
      new VerifierKey("witness.example", SignatureType.COSIGNATURE, WITNESS.verificationKey());
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SHORT_PATIENCE = Duration.ofMillis(700);

  private final TestedLog log = new TestedLog("log.example/audit", 1).grow("a", 70);
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch end = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private Answering answering = (number, exchange) -> {};

  /** The behaviour of the fake witness. */
  @FunctionalInterface
  private interface Answering {
    void answer(int number, HttpExchange exchange) throws Exception;
  }

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
    server.setExecutor(threads);
    server.createContext(
        "/w/add-checkpoint",
        exchange -> {
          try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            requests.add(new String(body, StandardCharsets.UTF_8));
            answering.answer(requests.size(), exchange);
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private WitnessClient client(long known) {
    return client(known, PATIENCE);
  }

  private WitnessClient client(long known, Duration patience) {
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/w/");
    return new WitnessClient(WitnessClient.http(), KEY, url, known, patience);
  }

  private WitnessReply ask(WitnessClient client) throws Exception {
    SignedCheckpoint checkpoint =
        SignedCheckpoint.parse(log.checkpoint(log.size()).getBytes(StandardCharsets.UTF_8));
    return client.ask(checkpoint, tree());
  }

  private MerkleTree<RuntimeException> tree() {
    List<byte[]> entries = log.entries();
    return new MerkleTree<>(
        (level, index) -> {
          int from = (int) (index << level);
          return new ReferenceTree(entries.subList(from, from + (1 << level))).root(1 << level);
        },
        log.size());
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private String cosignature(SigningKey key, String name) throws Exception {
    Checkpoint checkpoint = Checkpoint.parse(log.checkpoint(log.size()).split("\n\n")[0] + "\n");
    return Cosignature.sign(name, key, checkpoint, 1_700_000_000).line().line() + "\n";
  }

  private String right() throws Exception {
    return cosignature(WITNESS, "witness.example");
  }

  private void requireCosigned(WitnessReply reply) throws Exception {
    assertThat(reply).isInstanceOf(WitnessReply.Cosigned.class);
    assertThat(((WitnessReply.Cosigned) reply).line().line() + "\n").isEqualTo(right());
  }

  private static String failure(WitnessReply reply) {
    assertThat(reply).isInstanceOf(WitnessReply.Failed.class);
    return ((WitnessReply.Failed) reply).reason();
  }

  @Test
  void firstRequestStartsAtZero() throws Exception {
    answering = (number, exchange) -> send(exchange, 200, right());
    requireCosigned(ask(client(0)));
    assertThat(requests).containsExactly(log.request(0));
  }

  @Test
  void nextRequestStartsAtTheCosignedSize() throws Exception {
    answering = (number, exchange) -> send(exchange, 200, right());
    WitnessClient client = client(33);
    requireCosigned(ask(client));
    log.grow("a", 7);
    requireCosigned(ask(client));
    assertThat(requests.get(0)).startsWith("old 33\n");
    assertThat(requests.get(1)).isEqualTo(log.request(70));
  }

  @Test
  void conflictIsRetriedFromTheStatedSize() throws Exception {
    answering =
        (number, exchange) -> {
          if (number == 1) {
            send(exchange, 409, "51\n");
          } else {
            send(exchange, 200, right());
          }
        };
    requireCosigned(ask(client(0)));
    assertThat(requests).containsExactly(log.request(0), log.request(51));
  }

  /**
   * The witness cosigned 60 rows and now states 10. The client asks again from size 10, and reports
   * that the witness was rolled back.
   */
  @Test
  void rolledBackWitnessIsDetected() throws Exception {
    answering =
        (number, exchange) -> {
          if (number == 1) {
            send(exchange, 409, "10\n");
          } else {
            send(exchange, 200, right());
          }
        };
    WitnessReply reply = ask(client(60));
    requireCosigned(reply);
    assertThat(((WitnessReply.Cosigned) reply).wasRolledBack()).isTrue();
  }

  @Test
  void witnessAheadOfTheLogIsReported() throws Exception {
    answering = (number, exchange) -> send(exchange, 409, "71\n");
    WitnessClient client = client(0);
    assertThat(ask(client)).isEqualTo(new WitnessReply.Ahead(71));
    // The client asks the witness again on the next call.
    answering = (number, exchange) -> send(exchange, 200, right());
    requireCosigned(ask(client));
  }

  @Test
  void conflictWithTheCurrentSizeIsAContradiction() throws Exception {
    answering = (number, exchange) -> send(exchange, 409, "70\n");
    assertThat(ask(client(0))).isInstanceOf(WitnessReply.Contradicted.class);
    assertThat(requests).hasSize(2);
  }

  @Test
  void refusedProofIsAContradiction() throws Exception {
    answering = (number, exchange) -> send(exchange, 422, "no\u001b[2J\nreally");
    WitnessReply reply = ask(client(33));
    assertThat(reply).isInstanceOf(WitnessReply.Contradicted.class);
    assertThat(((WitnessReply.Contradicted) reply).reason())
        .contains("33")
        .endsWith("no?[2J")
        .doesNotContain("\u001b");
  }

  @Test
  void retriesAreLimited() throws Exception {
    answering = (number, exchange) -> send(exchange, 409, number + "\n");
    assertThat(failure(ask(client(0)))).contains("another size in each answer");
    assertThat(requests).hasSize(WitnessClient.MAX_TRIES);
  }

  @Test
  void cosignatureOfAnotherKeyIsIgnored() throws Exception {
    SigningKey other = TestedLog.key(10);
    answering = (number, exchange) -> send(exchange, 200, cosignature(other, "witness.example"));
    assertThat(failure(ask(client(0)))).contains("no cosignature of its key");
    answering = (number, exchange) -> send(exchange, 200, cosignature(WITNESS, "other.example"));
    assertThat(failure(ask(client(0)))).contains("no cosignature of its key");
  }

  /** The cosignature has the name and id of the known key, but it signs another checkpoint. */
  @Test
  void invalidCosignatureIsNotKept() throws Exception {
    String earlier = cosignature(WITNESS, "witness.example");
    log.grow("a", 1);
    answering = (number, exchange) -> send(exchange, 200, earlier);
    assertThat(failure(ask(client(0)))).contains("not valid under its key for this checkpoint");
  }

  @Test
  void cosignaturesOfOtherWitnessesAreIgnored() throws Exception {
    String other = cosignature(TestedLog.key(10), "other.example");
    answering = (number, exchange) -> send(exchange, 200, other + right());
    requireCosigned(ask(client(0)));
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 204, 301, 400, 403, 404, 429, 500, 503})
  void anyOtherStatusIsAFailure(int status) throws Exception {
    answering =
        (number, exchange) -> {
          exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/");
          exchange.sendResponseHeaders(status, -1);
        };
    failure(ask(client(0)));
    assertThat(requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\n", "70", " 70\n", "070\n", "-1\n", "70\n\n", "9223372036854775808\n"})
  void conflictWithoutASizeIsAFailure(String body) throws Exception {
    answering = (number, exchange) -> send(exchange, 409, body);
    failure(ask(client(0)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "yes\n", "\u2014 witness.example AAAA\n"})
  void responseWithoutCosignaturesIsAFailure(String body) throws Exception {
    answering = (number, exchange) -> send(exchange, 200, body);
    failure(ask(client(0)));
  }

  @Test
  void oversizeResponseIsNotReadToItsEnd() throws Exception {
    answering =
        (number, exchange) -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          byte[] much = new byte[8192];
          for (int i = 0; i < 100_000; i++) {
            out.write(much);
          }
        };
    assertThat(failure(ask(client(0)))).contains("longer than");
  }

  @Test
  void silentWitnessTimesOut() throws Exception {
    answering = (number, exchange) -> end.await();
    long start = System.nanoTime();
    assertThat(failure(ask(client(0, SHORT_PATIENCE)))).contains("700 ms");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  /** The answer begins at once and never ends. */
  @Test
  void slowResponseTimesOut() throws Exception {
    answering =
        (number, exchange) -> {
          exchange.sendResponseHeaders(200, 0);
          while (end.getCount() > 0) {
            exchange.getResponseBody().write('x');
            exchange.getResponseBody().flush();
            Thread.sleep(50);
          }
        };
    assertThat(failure(ask(client(0, SHORT_PATIENCE)))).contains("700 ms");
  }

  @Test
  void unreachableWitnessIsAFailure() throws Exception {
    URI nowhere = URI.create("http://127.0.0.1:" + FreePort.find());
    WitnessClient client = new WitnessClient(WitnessClient.http(), KEY, nowhere, 0, PATIENCE);
    assertThat(failure(ask(client))).contains("cannot be reached");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "w", "file:///etc/passwd", "ftp://w.example/", "http:///x", "http://w/?a=b"})
  void malformedUrlIsRefused(String url) {
    assertThatThrownBy(() -> WitnessClient.url(url)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void urlMayHaveAPath() {
    assertThat(WitnessClient.url("https://w.example:8443/a/b")).hasPath("/a/b");
  }
}
