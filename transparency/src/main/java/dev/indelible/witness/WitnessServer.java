// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a witness over HTTP: {@code POST /add-checkpoint}, and {@code GET /<log>/checkpoint} for
 * monitors. Uses plain HTTP, because the protocol needs no secrecy and no authentication beyond its
 * signatures. For TLS, put a proxy in front.
 *
 * <p>The cost of a client is bounded. A request has at most {@link #MAX_BYTES} and must arrive
 * within {@link #LONGEST_EXCHANGE}; at most {@link #THREADS} requests are served at once. A request
 * causes at most one disk write, and only if a trusted log signed the checkpoint. The time limits
 * are system properties; they take effect only if nothing in the process used the JDK's HTTP server
 * before.
 */
public final class WitnessServer implements AutoCloseable {
  /**
   * Maximum length of a request: {@code old}, 63 hashes, and a checkpoint with 100 signatures of
   * any type.
   */
  public static final int MAX_BYTES = 512 * 1024;

  /** Maximum number of requests served at once; further requests wait. */
  public static final int THREADS = 32;

  /** Time limit for a request to arrive and for an answer to be sent. */
  public static final Duration LONGEST_EXCHANGE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(WitnessServer.class);

  private static final String ADD_CHECKPOINT = "/add-checkpoint";
  private static final Pattern CHECKPOINT = Pattern.compile("/([0-9a-f]{64})/checkpoint");

  /** Maximum number of connections that wait to be accepted. */
  private static final int BACKLOG = 64;

  /** System properties of the JDK's server. Set once per process, unless the operator set them. */
  private static final Map<String, String> LIMITS =
      Map.of(
          "sun.net.httpserver.maxReqTime", Long.toString(LONGEST_EXCHANGE.toSeconds()),
          "sun.net.httpserver.maxRspTime", Long.toString(LONGEST_EXCHANGE.toSeconds()),
          "sun.net.httpserver.idleInterval", Long.toString(LONGEST_EXCHANGE.toSeconds()),
          "sun.net.httpserver.maxReqHeaders", "64",
          "jdk.httpserver.maxConnections", "512");

  private final Witness witness;
  private final HttpServer server;
  private final ExecutorService threads;

  private WitnessServer(Witness witness, HttpServer server) {
    this.witness = witness;
    this.server = server;
    this.threads = Executors.newFixedThreadPool(THREADS);
  }

  /**
   * Starts a server.
   *
   * @param address the address to listen on; port 0 chooses any free port
   * @throws IOException if the server cannot listen there
   */
  public static WitnessServer start(Witness witness, InetSocketAddress address) throws IOException {
    LIMITS.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
    WitnessServer serving = new WitnessServer(witness, HttpServer.create(address, BACKLOG));
    serving.server.setExecutor(serving.threads);
    serving.server.createContext("/", serving::handle);
    serving.server.start();
    return serving;
  }

  /** Returns the address on which this server listens. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      send(exchange, answer(exchange));
    } catch (IOException e) {
      // The client has disconnected or was too slow; it will ask again.
      LOG.debug("{}: {}", exchange.getRemoteAddress(), e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.error("a request of a log or monitor failed", e);
      throw e;
    }
  }

  private WitnessAnswer answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    Matcher log = CHECKPOINT.matcher(path);
    if (path.equals(ADD_CHECKPOINT)) {
      return exchange.getRequestMethod().equals("POST")
          ? addCheckpoint(exchange.getRequestBody())
          : wrongMethod(exchange, "POST");
    }
    if (log.matches()) {
      return exchange.getRequestMethod().equals("GET")
          ? witness.checkpoint(log.group(1))
          : wrongMethod(exchange, "GET");
    }
    return WitnessAnswer.refused(
        WitnessAnswer.NOT_FOUND,
        "a witness serves POST " + ADD_CHECKPOINT + " and GET /<log>/checkpoint");
  }

  private WitnessAnswer addCheckpoint(InputStream body) throws IOException {
    byte[] request = body.readNBytes(MAX_BYTES + 1);
    return request.length > MAX_BYTES
        ? WitnessAnswer.refused(
            WitnessAnswer.TOO_LARGE, "a request has at most " + MAX_BYTES + " bytes")
        : witness.addCheckpoint(request);
  }

  private static WitnessAnswer wrongMethod(HttpExchange exchange, String right) {
    exchange.getResponseHeaders().set("Allow", right);
    return WitnessAnswer.refused(WitnessAnswer.WRONG_METHOD, "use the method " + right);
  }

  private static void send(HttpExchange exchange, WitnessAnswer answer) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", answer.contentType());
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    if (answer.status() == WitnessAnswer.TOO_LARGE) {
      // The server does not read the rest of the request, so it closes the connection.
      exchange.getResponseHeaders().set("Connection", "close");
    }
    exchange.sendResponseHeaders(answer.status(), answer.body().length);
    exchange.getResponseBody().write(answer.body());
  }

  /** Stops listening. A client without an answer asks again and loses nothing. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
