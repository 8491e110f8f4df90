// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.testkit.ChildJvm;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A daemon under load, over TCP and its socket, is killed at random moments and started again. The
 * load takes 20 seconds by default, and ten minutes with {@code -Pfull}.
 */
@Tag("any-jdk")
@Timeout(1_800)
@DisabledOnOs(OS.WINDOWS)
class ServeLoadTest {
  private static final Duration LOAD =
      Boolean.getBoolean("indelible.full") ? Duration.ofMinutes(10) : Duration.ofSeconds(20);

  /** The longest time between two kills. */
  private static final int MAX_UP_MILLIS = 5_000;

  private static final int CLIENTS_OF_EACH_KIND = 2;

  private static final Duration RECONNECT_INTERVAL = Duration.ofMillis(50);

  /** Matches a decision in an answer, with its verdict and id. */
  private static final Pattern ANSWER =
      Pattern.compile("\"decision\":\"([a-z]+)\"[^}]*?\"id\":(null|\"([0-9a-f-]{36})\")");

  private static final Pattern HEADER =
      Pattern.compile("(?is)HTTP/1.1 ([0-9]{3}) .*?content-length: ([0-9]+).*?\r\n\r\n");

  @TempDir Path directory;
  private Cli cli;

  /** The TCP address of the daemon that was started last. */
  private final AtomicReference<InetSocketAddress> address = new AtomicReference<>();

  /** The verdict of each answered decision, by its id. */
  private final Map<String, String> answered = new ConcurrentHashMap<>();

  private final ConcurrentLinkedQueue<Throwable> broken = new ConcurrentLinkedQueue<>();
  private volatile boolean over;

  private Path socket() {
    return directory.resolve("run/i.sock");
  }

  private ChildJvm serve() throws IOException {
    ChildJvm daemon =
        cli.process(
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--socket",
            socket().toString(),
            "--output",
            "json");
    URI tcp = URI.create(Cli.json(daemon.readLine()).path("addresses").path(0).asString());
    address.set(new InetSocketAddress(tcp.getHost(), tcp.getPort()));
    return daemon;
  }

  @Test
  void killedDaemonRecordsEachAnswerOnce() throws Exception {
    cli = new Cli(directory.resolve("data"));
    Random random = new Random();
    ChildJvm daemon = serve();
    ExecutorService clients = Executors.newCachedThreadPool();
    for (int i = 0; i < CLIENTS_OF_EACH_KIND; i++) {
      clients.execute(() -> askUntilOver(false));
      clients.execute(() -> askUntilOver(true));
    }
    long end = System.nanoTime() + LOAD.toNanos();
    int kills = 0;
    while (System.nanoTime() < end) {
      int before = answered.size();
      // Some daemons are killed at once, before they answer anything.
      if (random.nextInt(4) > 0) {
        await().atMost(2, TimeUnit.MINUTES).until(() -> answered.size() > before);
        assertThat(daemon.runsFor(Duration.ofMillis(random.nextInt(MAX_UP_MILLIS)))).isTrue();
      }
      daemon.kill();
      kills++;
      daemon = serve();
    }
    over = true;
    clients.shutdown();
    assertThat(clients.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
    assertThat(broken).isEmpty();
    await().atMost(2, TimeUnit.MINUTES).until(() -> metric("indelible_audit_pending") == 0);
    assertCountersReconcile();
    daemon.terminate();
    assertThat(daemon.exitCode()).isZero();

    System.out.printf("%d kills, %d answered decisions%n", kills, answered.size());
    assertThat(answered).isNotEmpty();
    assertEachAnswerIsInTheChainOnce();
    Cli.Result verified = cli.run("log", "verify", "--output", "json");
    assertThat(verified.json().path("verdict").asString())
        .as(verified.out() + verified.err())
        .isEqualTo("intact");
  }

  private void assertEachAnswerIsInTheChainOnce() throws Exception {
    Map<String, String> chain = new HashMap<>();
    try (SqliteLedger ledger = SqliteLedger.open(cli.data().resolve("indelible.db"))) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            if (DeferredAuditEvent.isDecision(row.eventType())) {
              JsonNode payload =
                  Cli.json(new String(row.payload().orElseThrow(), StandardCharsets.UTF_8));
              String verdict = payload.path("decision").path("decision").asString();
              assertThat(chain.put(row.id(), verdict)).as("%s is there twice", row.id()).isNull();
            }
            return true;
          });
      assertThat(ledger.dlqSize()).isZero();
    }
    assertThat(chain).containsAllEntriesOf(answered);
  }

  /**
   * Checks that the counters reconcile: submitted = appended + deadLettered + pending + rejected
   * (promise D10).
   */
  private void assertCountersReconcile() throws Exception {
    assertThat(metric("indelible_audit_submitted_total"))
        .isEqualTo(
            metric("indelible_audit_appended_total")
                + metric("indelible_audit_dead_lettered_total")
                + metric("indelible_audit_pending")
                + metric("indelible_audit_rejected_total"));
  }

  /** Returns the sum of a metric's series. */
  private double metric(String name) throws Exception {
    String scrape;
    try (Connection connection = new Connection(address.get())) {
      scrape = connection.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    Matcher series =
        Pattern.compile("(?m)^" + name + "(?:\\{[^}]*\\})? ([-0-9.eE+]+)$").matcher(scrape);
    assertThat(series.find()).as(name).isTrue();
    double sum = 0;
    do {
      sum += Double.parseDouble(series.group(1));
    } while (series.find());
    return sum;
  }

  private void askUntilOver(boolean overSocket) {
    Random random = new Random();
    while (!over) {
      try (Connection connection =
          new Connection(overSocket ? UnixDomainSocketAddress.of(socket()) : address.get())) {
        while (!over) {
          keep(connection.ask(request(random)));
        }
      } catch (IOException e) {
        // The daemon was killed, or is still starting. The pause leaves the processor to it.
        LockSupport.parkNanos(RECONNECT_INTERVAL.toNanos());
      } catch (RuntimeException | AssertionError e) {
        broken.add(e);
        return;
      }
    }
  }

  /** Returns a request for one decision or a few. */
  private static String request(Random random) {
    String check = check(random);
    boolean many = random.nextInt(4) == 0;
    String body = many ? "{\"checks\":[" + check + "," + check(random) + "]}" : check;
    return "POST /v1/check%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            .formatted(many ? "s" : "")
        + "Content-Length: %s\r\n\r\n%s".formatted(body.length(), body);
  }

  private static String check(Random random) {
    return Cli.line("agent:a", Cli.bash(random.nextBoolean() ? "ls" : "rm -rf /"));
  }

  /** Stores the answered decisions. A permit without an id would be an unrecorded permit. */
  private void keep(String answer) {
    Matcher decisions = ANSWER.matcher(answer);
    while (decisions.find()) {
      if (decisions.group(3) != null) {
        answered.put(decisions.group(3), decisions.group(1));
      } else {
        assertThat(decisions.group(1)).as(answer).isIn("refuse", "escalate");
      }
    }
  }

  /** A persistent connection to a TCP address or to a Unix socket. */
  private static final class Connection implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);

    Connection(SocketAddress to) throws IOException {
      channel =
          to instanceof UnixDomainSocketAddress
              ? SocketChannel.open(StandardProtocolFamily.UNIX)
              : SocketChannel.open();
      try {
        channel.connect(to);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    }

    /** Sends a request and returns the content of the response. Requires status 200. */
    String ask(String request) throws IOException {
      ByteBuffer out = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
      while (out.hasRemaining()) {
        channel.write(out);
      }
      ByteArrayOutputStream in = new ByteArrayOutputStream();
      while (true) {
        buffer.clear();
        if (channel.read(buffer) < 0) {
          throw new IOException("the connection was ended");
        }
        in.write(buffer.array(), 0, buffer.position());
        String text = in.toString(StandardCharsets.UTF_8);
        Matcher head = HEADER.matcher(text);
        if (head.find() && in.size() >= head.end() + Integer.parseInt(head.group(2))) {
          assertThat(head.group(1)).as(text).isEqualTo("200");
          return text.substring(head.end());
        }
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
