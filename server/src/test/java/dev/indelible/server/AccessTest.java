// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.server.Admission.Refusals;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Access control: one endpoint for each role, on a real port and a real socket. */
class AccessTest {
  private static final Refusals BLOCKING =
      new Refusals(
          true, (problem, content) -> Response.text("text/plain", "blocked " + content.length));

  @TempDir Path temp;
  private ApiKeyFile keys;
  private KeyWatch watch;
  private HttpServer server;

  /** The requests to /turns that wait; one is answered. */
  private static final int WAITING = 40;

  /** Requests that are being answered slowly, and the most at once, until they are released. */
  private final AtomicInteger answering = new AtomicInteger();

  private final AtomicInteger most = new AtomicInteger();
  private final Turns turns = new Turns(1, WAITING);
  private final CountDownLatch released = new CountDownLatch(1);

  @BeforeEach
  void start() throws Exception {
    keys = ApiKeyFile.in(temp);
    Files.createDirectory(temp.resolve("run"));
    watch = KeyWatch.of(keys);
    start(List.of());
  }

  private void start(List<Binding> bindings) throws Exception {
    start(bindings, HttpServer.CONTENT_LIMIT);
  }

  private void start(List<Binding> bindings, Duration contentLimit) throws Exception {
    Routes routes =
        new Routes(
            Callers.of(watch, new Sessions(watch), bindings), new Limits(0), Optional.empty());
    for (Role role : Role.values()) {
      routes.get("/" + role.label(), role, request -> Response.text("text/plain", "done"));
    }
    routes.post("/ask", Role.AGENT, request -> Response.text("text/plain", "done"));
    routes.post("/large", Role.AGENT, this::answerSlowly);
    Endpoint inTurns = Endpoint.inTurns(Optional.of(turns), this::answerSlowly);
    routes.get("/turns", Role.AGENT, inTurns).post("/turns", Role.AGENT, inTurns);
    routes.post("/do", Role.READER, request -> Response.text("text/plain", "done"));
    routes.post("/hook", Role.READER, request -> Response.text("text/plain", "done"), BLOCKING);
    ServeSettings settings =
        new ServeSettings(
            new InetSocketAddress("127.0.0.1", 0),
            socket(),
            null,
            new AccessSettings(keys, Set.of(), bindings, 0, false, false));
    server = HttpServer.start(settings, Optional.empty(), routes, contentLimit);
  }

  private Response answerSlowly(Request request) {
    most.accumulateAndGet(answering.incrementAndGet(), Math::max);
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    answering.decrementAndGet();
    return Response.text("text/plain", "done");
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  private Path socket() {
    return temp.resolve("run/i.sock");
  }

  private KeyText key(Optional<Instant> expires, Role... roles) throws Exception {
    EnumSet<Role> granted = EnumSet.noneOf(Role.class);
    granted.addAll(Set.of(roles));
    KeyText text = KeyText.generate();
    ApiKey key = ApiKey.of(text, "k" + text.id(), Grant.of(granted, Optional.empty()), expires);
    try (ApiKeyFile.Change change = keys.change()) {
      change.replace(change.keys().with(key));
    }
    return text;
  }

  /** Returns a key that the running server accepts. */
  private KeyText key(Role... roles) throws Exception {
    KeyText text = key(Optional.empty(), roles);
    await().until(() -> watch.accept(text).isPresent());
    return text;
  }

  /** Returns the response to a request with some header lines, over TCP. */
  private String get(String path, String... lines) throws IOException {
    return get(new InetSocketAddress("127.0.0.1", server.port().orElseThrow()), path, lines);
  }

  private static String get(SocketAddress to, String path, String... lines) throws IOException {
    return exchange(
        to,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n"
            .formatted(path, lines.length == 0 ? "" : String.join("\r\n", lines) + "\r\n"));
  }

  private static String exchange(SocketAddress to, String request) throws IOException {
    try (SocketChannel channel =
        to instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open()) {
      channel.connect(to);
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      ByteBuffer buffer = ByteBuffer.allocate(8192);
      while (channel.read(buffer) >= 0) {
        answer.write(buffer.array(), 0, buffer.position());
        buffer.clear();
      }
      return answer.toString(StandardCharsets.UTF_8);
    }
  }

  private static String bearer(KeyText key) {
    return "Authorization: Bearer " + key.reveal();
  }

  private static void assertStatus(String response, int status) {
    assertThat(response).startsWith("HTTP/1.1 " + status + " ");
  }

  @Test
  void callerWithoutCredentialHasOnlyTheRoleAgent() throws Exception {
    for (Role role : Role.values()) {
      int status = role == Role.AGENT ? 200 : 401;
      assertStatus(get("/" + role.label()), status);
      assertStatus(get(UnixDomainSocketAddress.of(socket()), "/" + role.label()), status);
    }
    assertThat(get("/reader")).contains("WWW-Authenticate: Bearer");
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void keyHasItsRolesAndAgent(Role granted) throws Exception {
    KeyText key = key(granted);

    for (Role role : Role.values()) {
      boolean may = role == Role.AGENT || role == granted || granted == Role.ADMIN;
      assertStatus(get("/" + role.label(), bearer(key)), may ? 200 : 403);
    }
    assertStatus(get(UnixDomainSocketAddress.of(socket()), "/agent", bearer(key)), 200);
  }

  @Test
  void invalidCredentialIsRefusedForEveryRole() throws Exception {
    String key = key(Role.ADMIN).reveal();
    String other = KeyText.generate().reveal();
    String expired = key(Optional.of(Instant.EPOCH), Role.ADMIN).reveal();

    for (String credential :
        Set.of(
            "Bearer " + other,
            "Bearer " + expired,
            "Bearer " + key.toUpperCase(Locale.ROOT),
            "Bearer " + key.replace("indelible", "Indelible"),
            "Bearer " + key + "0",
            "Bearer " + key + ", Bearer " + key,
            "Bearer",
            "Bearer ",
            "",
            key,
            "Basic " + key,
            "Digest username=\"a\"",
            "Bearer\u00a0" + key)) {
      String response = get("/agent", "Authorization: " + credential);
      assertStatus(response, 401);
      assertThat(response).doesNotContain(key).doesNotContain(other);
    }
  }

  @Test
  void schemeIsReadInAnyCase() throws Exception {
    assertStatus(get("/admin", "authorization: bEARER " + key(Role.ADMIN).reveal()), 200);
  }

  @Test
  void twoCredentialsAreRefused() throws Exception {
    String good = bearer(key(Role.ADMIN));

    assertStatus(get("/agent", good, good), 400);
    assertStatus(get("/agent", good, bearer(KeyText.generate())), 400);
  }

  @Test
  void revokedKeyIsRefusedOnAnOpenConnection() throws Exception {
    KeyText key = key(Role.READER);
    String request = "GET /reader HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n".formatted(bearer(key));
    try (SocketChannel channel = SocketChannel.open()) {
      channel.connect(new InetSocketAddress("127.0.0.1", server.port().orElseThrow()));
      assertThat(status(channel, request)).isEqualTo("200");
      try (ApiKeyFile.Change change = keys.change()) {
        change.replace(change.keys().without(change.keys().named(key.id())));
      }
      await().until(() -> status(channel, request).equals("401"));
    }
  }

  @Test
  void contentOfAnUnknownCallerIsNotRead() throws Exception {
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: 4000000\r\n\r\n";
    try (SocketChannel channel = SocketChannel.open()) {
      channel.connect(new InetSocketAddress("127.0.0.1", server.port().orElseThrow()));

      assertThat(status(channel, head.formatted("/do"))).isEqualTo("401");
    }
  }

  @Test
  void declaredContentReservesNoMemory() throws Exception {
    List<SocketChannel> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        idle.add(sent(post("/ask", "Content-Length: " + HttpServer.MAX_BODY_BYTES)));
        idle.add(sent(post("/ask", "Transfer-Encoding: chunked")));
        idle.add(sent(post("/hook", "Content-Length: 65536")));
      }

      assertStatus(get("/agent"), 200);
      assertStatus(ask(), 200);
      assertThat(exchange(tcp(), post("/hook", "Content-Length: 2") + "{}")).endsWith("blocked 2");
    } finally {
      closeAll(idle);
    }
  }

  /** The server disconnects a client that sends its content byte by byte. */
  @Test
  void slowContentIsEnded() throws Exception {
    server.stop();
    start(List.of(), Duration.ofSeconds(1));
    try (SocketChannel channel = sent(post("/ask", "Content-Length: 1000000"))) {
      ByteBuffer status = ByteBuffer.allocate(12);
      channel.configureBlocking(false);
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                try {
                  channel.write(ByteBuffer.wrap(new byte[] {' '}));
                } catch (IOException e) {
                  // The server has ended the connection.
                }
                channel.read(status);
                return !status.hasRemaining();
              });

      assertStatus(new String(status.array(), StandardCharsets.US_ASCII) + " ", 408);
    }
    assertStatus(get("/agent"), 200);
  }

  /** While a request is answered, it needs several times the memory of its content. */
  @Test
  void fewLargeRequestsAreAnsweredAtATime() throws Exception {
    int bytes = HttpServer.LARGE_BYTES + 1;
    String large = post("/large", "Content-Length: " + bytes) + "x".repeat(bytes);
    List<SocketChannel> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 6; i++) {
        clients.add(sent(large));
      }
      await().until(() -> answering.get() == HttpServer.MAX_LARGE);
      assertStatus(ask(), 200);
      released.countDown();

      for (SocketChannel client : clients) {
        client.socket().setSoTimeout(60_000);
        assertThat(client.socket().getInputStream().readNBytes(12)).endsWith('2', '0', '0');
      }
      assertThat(most).hasValue(HttpServer.MAX_LARGE);
    } finally {
      released.countDown();
      closeAll(clients);
    }
  }

  /** More requests wait than the server has threads. */
  @Test
  void requestsWaitForTheirTurn() throws Exception {
    String[] requests = {
      "GET /turns HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      post("/turns", "Content-Length: 2") + "{}"
    };
    List<SocketChannel> clients = new ArrayList<>();
    try {
      for (int i = 0; i < WAITING + 1; i++) {
        clients.add(sent(requests[i % 2]));
      }
      await().until(() -> turns.waiting() == WAITING);
      assertThat(get("/turns")).contains(" 503 ", "Retry-After: 1", "Too busy");
      assertStatus(ask(), 200);
      released.countDown();

      for (SocketChannel client : clients) {
        client.socket().setSoTimeout(60_000);
        assertThat(client.socket().getInputStream().readNBytes(12)).endsWith('2', '0', '0');
      }
      assertThat(most).hasValue(1);
    } finally {
      released.countDown();
      closeAll(clients);
    }
  }

  /** Otherwise those who have gone would keep others out until the ledger answers. */
  @Test
  @Tag("full")
  void clientThatHasGoneDoesNotWait() throws Exception {
    String request = "GET /turns HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try (SocketChannel first = sent(request)) {
      await().until(() -> answering.get() == 1);
      sent(request).close();
      await().until(() -> turns.waiting() == 1);
      await().atMost(Duration.ofMinutes(2)).until(() -> turns.waiting() == 0);
      assertThat(first.isOpen()).isTrue();
    } finally {
      released.countDown();
    }
  }

  /** Each byte would keep an idle connection open. */
  @Test
  void headThatArrivesByteByByteIsNotAwaited() throws Exception {
    try (SocketChannel channel = sent("GET /agent HTTP/1.1\r\nA: ")) {
      channel.configureBlocking(false);
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> {
                try {
                  channel.write(ByteBuffer.wrap(new byte[] {'x'}));
                  return channel.read(ByteBuffer.allocate(1)) < 0;
                } catch (IOException e) {
                  return true;
                }
              });
    }
  }

  /** Each slow client sends all but the last byte, and begins again when it is refused. */
  @ParameterizedTest
  @ValueSource(ints = {HttpServer.MAX_BODY_BYTES, 1 << 20})
  void slowUploadsKeepNobodyOut(int bytes) throws Exception {
    String key = bearer(key(Role.AGENT));
    String upload = post("/ask", "Content-Length: " + bytes) + "x".repeat(bytes - 1);
    // A quarter more than there is memory for.
    int clients = 5 * (32 << 20) / 4 / bytes;
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger refused = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      for (int i = 0; i < clients; i++) {
        threads.submit(
            () -> {
              while (!over.get()) {
                try (SocketChannel slow = sent(upload)) {
                  slow.socket().setSoTimeout(100);
                  byte[] status = new byte[12];
                  int read = -1;
                  while (!over.get() && read < 0) {
                    try {
                      read = slow.socket().getInputStream().readNBytes(status, 0, 12);
                    } catch (SocketTimeoutException e) {
                      // Not refused yet.
                    }
                  }
                  if (new String(status, StandardCharsets.US_ASCII).endsWith(" 503")) {
                    refused.incrementAndGet();
                  }
                } catch (IOException e) {
                  // Refused before all was sent.
                }
              }
            });
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(refused.get()).isPositive());
      for (int i = 0; i < 20; i++) {
        assertStatus(ask(), 200);
        assertStatus(ask(key), 200);
      }
      assertStatus(get("/agent"), 200);
      // Content without a credential takes no memory of credentials.
      String head = post("/ask", key, "Content-Length: " + HttpServer.MAX_BODY_BYTES);
      assertStatus(exchange(tcp(), head + "x".repeat(HttpServer.MAX_BODY_BYTES)), 200);
    } finally {
      over.set(true);
      threads.shutdown();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  private InetSocketAddress tcp() {
    return new InetSocketAddress("127.0.0.1", server.port().orElseThrow());
  }

  private static String post(String path, String... lines) {
    return "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".formatted(path)
        + "Content-Type: application/json\r\n%s\r\n\r\n".formatted(String.join("\r\n", lines));
  }

  /** Sends a request with a small body and returns the response. */
  private String ask(String... lines) throws IOException {
    String[] all = Arrays.copyOf(lines, lines.length + 1);
    all[lines.length] = "Content-Length: 64";
    return exchange(tcp(), post("/ask", all) + "x".repeat(64));
  }

  /** Returns a connection on which an incomplete request was sent. */
  private SocketChannel sent(String request) throws IOException {
    SocketChannel channel = SocketChannel.open(tcp());
    ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    return channel;
  }

  private static void closeAll(List<SocketChannel> channels) throws IOException {
    for (SocketChannel channel : channels) {
      channel.close();
    }
  }

  @Test
  void refusalHasTheFormatOfItsClient() throws Exception {
    String head =
        "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: %s\r\n\r\n";
    InetSocketAddress to = new InetSocketAddress("127.0.0.1", server.port().orElseThrow());

    assertThat(exchange(to, head.formatted(2) + "{}"))
        .startsWith("HTTP/1.1 200")
        .endsWith("blocked 2");
    assertThat(exchange(to, head.formatted(HttpServer.MAX_BODY_BYTES + 1)))
        .startsWith("HTTP/1.1 200")
        .endsWith("blocked 0");
  }

  @Test
  void userAndGroupOfTheSocketHaveTheirRoles() throws Exception {
    Path own = Files.createFile(temp.resolve("own"));
    UnixDomainSocketAddress to = UnixDomainSocketAddress.of(socket());
    for (String identity :
        List.of("user:" + Files.getOwner(own), "group:" + Files.getAttribute(own, "posix:group"))) {
      server.stop();
      start(List.of(Binding.read(identity + " = reader")));

      assertStatus(get(to, "/reader"), 200);
      assertStatus(get(to, "/operator"), 403);
      assertStatus(get(to, "/reader", bearer(KeyText.generate())), 401);
      assertStatus(get("/reader"), 401);
    }
    server.stop();
    start(List.of(Binding.read("user:nobody-else = admin")));
    assertStatus(get(to, "/reader"), 401);
  }

  /** Returns the status of a response. The response must fit into the buffer. */
  private static String status(SocketChannel channel, String request) throws IOException {
    channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    channel.read(buffer);
    return new String(buffer.array(), 9, 3, StandardCharsets.US_ASCII);
  }

  @Test
  void unusableKeyFileAcceptsNoKey() throws Exception {
    KeyText key = key(Role.READER);
    assertStatus(get("/reader", bearer(key)), 200);

    Files.writeString(keys.path(), "{}");

    await().untilAsserted(() -> assertStatus(get("/agent", bearer(key)), 401));
    assertStatus(get("/agent"), 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "//reader",
        "/reader/",
        "/./reader",
        "/x/../reader",
        "/%72eader",
        "/reader;a=b",
        "/;/reader",
        "/reader%00",
        "/READER",
        "/agent/../reader",
        "/agent/..%2freader",
        "/agent%2f..%2freader",
        "/agent/%2e%2e/reader",
        "/agent/..;/reader",
        "http://localhost/reader",
        "*",
        "\\reader"
      })
  void respelledPathDoesNotBypassTheRole(String path) throws Exception {
    assertThat(get(path)).matches("(?s)HTTP/1.1 (400|401|404) .*").doesNotContain("done");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAD", "OPTIONS", "TRACE", "POST", "CONNECT", "get", "PRI"})
  void otherMethodDoesNotBypassTheRole(String method) throws Exception {
    InetSocketAddress to = new InetSocketAddress("127.0.0.1", server.port().orElseThrow());
    String line = method.equals("CONNECT") ? "localhost:1" : "/reader";
    try (SocketChannel channel = SocketChannel.open()) {
      channel.connect(to);
      String answer =
          status(
              channel,
              "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .formatted(method, line));
      assertThat(answer).isIn("400", "401", "404", "405", "505");
    }
  }
}
