// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.access.Grant;
import dev.indelible.access.Role;
import dev.indelible.action.Bash;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.server.EventStream.Event;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Streams of events. The rows and gaps of each stream cover the chain without an overlap, as
 * EventStream checks.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(300)
class EventFeedTest {
  private static final String STREAM = "/v1/events/stream";

  /** The number of decisions in one request. */
  private static final int MANY = 1_000;

  @TempDir static Path temp;
  private RunningDaemon daemon;

  @BeforeAll
  void start() throws Exception {
    daemon = new RunningDaemon(temp.resolve("data"));
    daemon.check("agent:a", "ls");
    settle();
  }

  @AfterAll
  void stop() {
    daemon.close();
  }

  private void settle() {
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
  }

  private long rows() {
    settle();
    return daemon.log().metrics().ledger().chainSequence().orElseThrow();
  }

  private void decide(int thousands, String command) throws Exception {
    String check =
        "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"%s\"}}"
            .formatted(command);
    String checks = "{\"checks\":[" + String.join(",", Collections.nCopies(MANY, check)) + "]}";
    for (int i = 0; i < thousands; i++) {
      assertThat(daemon.post("/v1/checks", checks).statusCode()).isEqualTo(200);
    }
  }

  private EventStream open(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(daemon.uri(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<InputStream> response =
        daemon.client().send(request.build(), BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
    return new EventStream(response.body());
  }

  @Test
  void newRowIsStreamed() throws Exception {
    long before = rows();
    try (EventStream stream = open(STREAM)) {
      String id = daemon.check("agent:a", "rm -rf /");

      Event event = stream.next().orElseThrow();

      assertThat(event.type()).isEqualTo("row");
      assertThat(event.data().path("id").stringValue()).isEqualTo(id);
      assertThat(event.data().path("sequence").asLong()).isEqualTo(before + 1);
      assertThat(event.data().path("payload").toString()).contains("rm -rf /");
    }
  }

  /** A client without a connection, which can fail. */
  private static final class KeptOutlet implements Outlet {
    private final StringBuffer sent = new StringBuffer();
    private final AtomicBoolean fails = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();

    @Override
    public void write(byte[] piece, Consumer<Boolean> left) {
      if (fails.get()) {
        throw new StackOverflowError("test");
      }
      sent.append(new String(piece, StandardCharsets.UTF_8));
      left.accept(true);
    }

    @Override
    public void end() {
      ended.set(true);
      if (fails.get()) {
        throw new StackOverflowError("test");
      }
    }

    boolean has(String text) {
      return sent.indexOf(text) >= 0;
    }
  }

  @Test
  void requestThatNobodyAnsweredIsStreamed() throws Exception {
    EventFeed feed = new EventFeed(daemon.log().log(), request -> Optional.of(reader()));
    KeptOutlet outlet = new KeptOutlet();
    ApprovalSubject subject =
        new ApprovalSubject("agent:a", Optional.empty(), "sha256:1", "sha256:2");
    Instant past = Instant.now().minusSeconds(1);
    feed
        .openApprovals(
            new Request("GET", "/", Map.of(), Map.of()),
            () -> Map.of(subject, new EventFeed.Unanswered("event-1", past)))
        .stream()
        .accept(outlet);
    try {
      await().atMost(LIMIT).until(() -> outlet.has("event: expired"));
      assertThat(outlet.has("\"id\":\"event-1\"")).isTrue();
    } finally {
      feed.close();
    }
  }

  /** A row that is appended while the requests are read belongs to the stream. */
  @Test
  void streamBeginsBeforeItsRequestsAreRead() throws Exception {
    EventFeed feed = new EventFeed(daemon.log().log(), request -> Optional.of(reader()));
    KeptOutlet outlet = new KeptOutlet();
    long before = rows();
    feed
        .openApprovals(
            new Request("GET", "/", Map.of(), Map.of()),
            () -> {
              decide();
              return Map.of();
            })
        .stream()
        .accept(outlet);
    feed.close();

    assertThat(outlet.sent.toString()).startsWith("retry: 2000\nid: " + before + "\n\n");
  }

  /** Returns once a decision is in the chain. */
  private void decide() {
    daemon.log().gate().check("agent:a", new Bash("rm -rf /"));
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
  }

  private static Caller reader() {
    return Caller.named("key:r", Grant.of(Set.of(Role.READER), Optional.empty()));
  }

  private static KeptOutlet listen(EventFeed feed, Map<String, String> parameters)
      throws Exception {
    KeptOutlet outlet = new KeptOutlet();
    feed.open(new Request("GET", "/", parameters, Map.of())).stream().accept(outlet);
    return outlet;
  }

  @Test
  void oneCallerCannotTakeAllStreams() throws Exception {
    Caller a = Caller.named("key:a", Grant.of(Set.of(Role.READER), Optional.empty()));
    Caller b = Caller.named("key:b", Grant.of(Set.of(Role.READER), Optional.empty()));
    EventFeed feed = new EventFeed(daemon.log().log(), request -> Optional.of(request.caller()));
    Request any = new Request("GET", "/", Map.of(), Map.of());
    List<KeptOutlet> own = new ArrayList<>();
    for (int i = 0; i < EventFeed.MAX_LISTENERS_OF_CALLER; i++) {
      KeptOutlet outlet = new KeptOutlet();
      feed.open(any.by(a)).stream().accept(outlet);
      own.add(outlet);
    }

    assertThat(feed.open(any.by(a)).status()).isEqualTo(429);
    assertThat(feed.open(any.by(b)).status()).isEqualTo(200);

    own.get(0).fails.set(true);
    daemon.check("a", "ls");
    await().atMost(LIMIT).until(() -> feed.open(any.by(a)).status() == 200);
    feed.close();
  }

  @Test
  void errorEndsItsOwnStreamAlone() throws Exception {
    AtomicBoolean failing = new AtomicBoolean();
    Caller reader = Caller.named("key:a", Grant.of(Set.of(Role.READER), Optional.empty()));
    EventFeed feed =
        new EventFeed(
            daemon.log().log(),
            request -> {
              if (failing.get() && request.parameter("fails").isPresent()) {
                throw new StackOverflowError("test");
              }
              return Optional.of(reader);
            });
    KeptOutlet unidentified = listen(feed, Map.of("fails", "true"));
    KeptOutlet unwritable = listen(feed, Map.of());
    KeptOutlet other = listen(feed, Map.of());
    failing.set(true);
    unwritable.fails.set(true);

    String id = daemon.check("a", "ls");

    await().atMost(LIMIT).until(() -> other.has(id));
    await().atMost(LIMIT).untilTrue(unidentified.ended);
    await().atMost(LIMIT).untilTrue(unwritable.ended);
    assertThat(other.ended).isFalse();
    KeptOutlet later = listen(feed, Map.of());
    String next = daemon.check("a", "ls");
    await().atMost(LIMIT).until(() -> later.has(next) && other.has(next));
    feed.close();
  }

  @Test
  void listenerIsServedAfterAThreadFailedToStart() throws Exception {
    Caller reader = Caller.named("key:a", Grant.of(Set.of(Role.READER), Optional.empty()));
    AtomicBoolean failing = new AtomicBoolean(true);
    EventFeed feed =
        new EventFeed(
            daemon.log().log(),
            request -> Optional.of(reader),
            work -> {
              boolean fails = failing.get();
              return new Thread(work) {
                @Override
                public void start() {
                  if (fails) {
                    throw new OutOfMemoryError("test");
                  }
                  super.start();
                }
              };
            });
    assertThatThrownBy(() -> listen(feed, Map.of())).isInstanceOf(OutOfMemoryError.class);
    failing.set(false);

    KeptOutlet later = listen(feed, Map.of());
    String id = daemon.check("a", "ls");

    await().atMost(LIMIT).until(() -> later.has(id));
    feed.close();
  }

  @Test
  void verificationThatFailedToStartIsNotInProgress() {
    VerifyJobs jobs =
        new VerifyJobs(
            daemon.log().log(),
            any ->
                new Thread() {
                  @Override
                  public void start() {
                    throw new OutOfMemoryError("test");
                  }
                });
    Request request = new Request("POST", "/v1/verify", Map.of(), Map.of());

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> jobs.start(request)).isInstanceOf(OutOfMemoryError.class);
    }
  }

  @Test
  void clientResumesAfterItsLastEvent() throws Exception {
    long last;
    try (EventStream stream = open(STREAM)) {
      daemon.check("agent:a", "ls");
      stream.next();
      last = stream.position();
    }
    daemon.check("agent:a", "pwd");
    daemon.check("agent:a", "date");
    try (EventStream stream = open(STREAM + "?after=0", "Last-Event-ID", Long.toString(last))) {
      assertThat(stream.next().orElseThrow().data().path("sequence").asLong()).isEqualTo(last + 1);
      stream.readTo(last + 2);
      assertThat(stream.rows()).isEqualTo(2);
    }
  }

  @Test
  void listenerThatIsFarBehindGetsAGap() throws Exception {
    decide(EventFeed.MAX_RESUMED / MANY + 1, "ls");
    long end = rows();
    try (EventStream stream = open(STREAM + "?after=0")) {
      assertThat(stream.next().orElseThrow().type()).isEqualTo("gap");
      assertThat(stream.position()).isGreaterThanOrEqualTo(end);
      String id = daemon.check("agent:a", "ls");
      assertThat(stream.next().orElseThrow().data().path("id").stringValue()).isEqualTo(id);
    }
    try (EventStream stream = open(STREAM + "?after=" + (end - EventFeed.ROWS_A_TICK - 50))) {
      stream.readTo(end);
      assertThat(stream.rows()).as("rows of a listener that is nearly up to date").isPositive();
    }
  }

  /** A client that does not read blocks only its own stream. */
  @Test
  void slowListenerDelaysNobody() throws Exception {
    try (Socket slow = new Socket();
        EventStream other = open(STREAM)) {
      slow.setReceiveBufferSize(4_096);
      slow.connect(new InetSocketAddress("127.0.0.1", daemon.uri("/").getPort()));
      slow.getOutputStream()
          .write(
              ("GET " + STREAM + " HTTP/1.0\r\nHost: localhost\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      EventStream late = new EventStream(slow.getInputStream());
      // These rows do not fit into the buffers of a connection.
      decide(1, "echo " + "a".repeat(3_500));
      long end = rows();
      other.readTo(end);
      late.readTo(end);

      daemon.check("agent:a", "ls");

      late.readTo(end + 1);
      other.readTo(end + 1);
    }
  }

  @Test
  void listenersShareTheReader() throws Exception {
    List<EventStream> streams = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        streams.add(open(STREAM));
      }
      for (int i = 0; i < 20; i++) {
        daemon.check("agent:a", "ls");
      }
      long end = rows();
      for (EventStream stream : streams) {
        stream.readTo(end);
        assertThat(stream.rows()).isEqualTo(20);
      }
      assertThat(
              Thread.getAllStackTraces().keySet().stream()
                  .filter(thread -> thread.getName().equals("indelible-event-feed")))
          .hasSize(1);
    } finally {
      for (EventStream stream : streams) {
        stream.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "99999999", "1e3", "9999999999999999999"})
  void invalidCursorIsRefused(String cursor) throws Exception {
    HttpResponse<String> response = daemon.get(STREAM + "?after=" + cursor);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(RunningDaemon.json(response).path("detail").stringValue()).startsWith("after: ");
  }

  @Test
  void headOfAStreamHasNoContent() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(daemon.uri(STREAM))
            .timeout(LIMIT)
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();

    assertThat(daemon.client().send(request, BodyHandlers.ofString()).body()).isEmpty();
  }

  @Test
  void onlyReadersMayListen() throws Exception {
    daemon.allow(Role.AGENT, Role.OPERATOR);
    try {
      assertThat(daemon.get(STREAM).statusCode()).isEqualTo(403);
    } finally {
      daemon.allow(Role.values());
    }
  }

  @Test
  void ledgerThatCannotBeReadIsReported() throws Exception {
    try (RunningDaemon other = new RunningDaemon(temp.resolve("other"))) {
      other.check("agent:a", "ls");
      assertThat(other.log().queue().drainPending(LIMIT)).isTrue();
      HttpRequest request = HttpRequest.newBuilder(other.uri(STREAM)).build();
      try (EventStream stream =
          new EventStream(other.client().send(request, BodyHandlers.ofInputStream()).body())) {
        other.sql("ALTER TABLE signed_events RENAME TO away");

        Event event = stream.next().orElseThrow();
        other.sql("ALTER TABLE away RENAME TO signed_events");
        other.check("agent:a", "pwd");

        assertThat(event.type()).isEqualTo("fault");
        assertThat(event.data().path("detail").stringValue()).contains("cannot be read");
        assertThat(stream.next().orElseThrow().type()).isEqualTo("row");
      }
    }
  }

  @Test
  void stopEndsStreams() throws Exception {
    EventStream stream;
    try (RunningDaemon other = new RunningDaemon(temp.resolve("stopped"))) {
      other.check("agent:a", "ls");
      assertThat(other.log().queue().drainPending(LIMIT)).isTrue();
      HttpRequest request = HttpRequest.newBuilder(other.uri(STREAM)).build();
      stream = new EventStream(other.client().send(request, BodyHandlers.ofInputStream()).body());
    }
    await().atMost(LIMIT).until(() -> stream.next().isEmpty());
  }
}
