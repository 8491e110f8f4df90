// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.json.CanonicalJson;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console's page, and the sessions of its readers, at a real daemon. */
class ConsoleTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newHttpClient();

  @TempDir Path temp;
  private ApiKeyFile keys;
  private Indelible log;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    Path data = temp.resolve("data");
    log = Indelible.builder(data).shutdownHook(false).open();
    keys = ApiKeyFile.in(data);
    daemon =
        Daemon.start(
            log, new ServeSettings(new InetSocketAddress("127.0.0.1", 0), null).withKeys(keys));
  }

  @AfterEach
  void stop() {
    daemon.stop();
    log.closeAndFlush(LIMIT);
  }

  private KeyText key(Role... roles) throws Exception {
    EnumSet<Role> granted = EnumSet.noneOf(Role.class);
    granted.addAll(Set.of(roles));
    KeyText text = KeyText.generate();
    ApiKey key =
        ApiKey.of(text, "k" + text.id(), Grant.of(granted, Optional.empty()), Optional.empty());
    try (ApiKeyFile.Change change = keys.change()) {
      change.replace(change.keys().with(key));
    }
    return text;
  }

  private HttpResponse<String> send(String method, String path, Map<String, String> headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(daemon.addresses().get(0)).resolve(path)).timeout(LIMIT);
    headers.forEach(request::header);
    if (method.equals("POST")) {
      request.header("Content-Type", Response.JSON).method(method, BodyPublishers.ofString("{}"));
    }
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    if (path.startsWith("/v1")) {
      Contract.requireDescribed(method, path, response);
    }
    return response;
  }

  /** A session in a browser. */
  private record Session(String setCookie, String token) {
    String cookie() {
      return setCookie.substring(0, setCookie.indexOf(';'));
    }
  }

  private Session signIn(KeyText key) {
    HttpResponse<String> response =
        await()
            .until(
                () ->
                    send("POST", "/v1/session", Map.of("Authorization", "Bearer " + key.reveal())),
                answer -> answer.statusCode() == 200);
    try {
      return new Session(
          response.headers().firstValue("Set-Cookie").orElseThrow(),
          CanonicalJson.read(response.body()).path("token").stringValue());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private int read(Session session) throws Exception {
    return send("GET", "/v1/events", Map.of("Cookie", session.cookie())).statusCode();
  }

  @Test
  void sessionHasTheRolesOfItsKey() throws Exception {
    Session session = signIn(key(Role.READER));
    assertThat(read(session)).isEqualTo(200);
    Map<String, String> headers =
        Map.of("Cookie", session.cookie(), Sessions.TOKEN, session.token());
    // Until its first row is written, there is no log to verify.
    await()
        .untilAsserted(
            () -> assertThat(send("POST", "/v1/verify", headers).statusCode()).isEqualTo(202));
    assertThat(send("POST", "/v1/policy/reload", headers).statusCode()).isEqualTo(403);
  }

  /** At this address, a daemon that lies could serve a verifier that lies. */
  @Test
  void verifierIsSavedAndNotShown() throws Exception {
    assumeThat(Console.class.getResource("console/verify.html")).isNotNull();
    HttpResponse<String> verifier = send("GET", "/verify.html", Map.of());
    assertThat(verifier.statusCode()).isEqualTo(200);
    assertThat(verifier.headers().firstValue("Content-Disposition"))
        .contains("attachment; filename=\"verify.html\"");
    assertThat(verifier.headers().firstValue("Content-Security-Policy").orElseThrow())
        .doesNotContain("unsafe-inline");
  }

  @Test
  void cookieIsOutOfReachOfScripts() throws Exception {
    assertThat(signIn(key(Role.READER)).setCookie())
        .matches(
            "indelible-[0-9]+=[A-Za-z0-9_-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
  }

  @Test
  void wrongKeyStartsNoSession() throws Exception {
    Map<String, String> wrong = Map.of("Authorization", "Bearer " + KeyText.generate().reveal());
    assertThat(send("POST", "/v1/session", wrong).statusCode()).isEqualTo(401);
    assertThat(send("POST", "/v1/session", Map.of()).statusCode()).isEqualTo(401);
  }

  @Test
  void requestWithoutTokenChangesNothing() throws Exception {
    Session session = signIn(key(Role.ADMIN));
    Map<String, String> cookie = Map.of("Cookie", session.cookie());
    assertThat(send("POST", "/v1/policy/reload", cookie).statusCode()).isEqualTo(401);
    Map<String, String> wrong =
        Map.of("Cookie", session.cookie(), Sessions.TOKEN, session.token().substring(1));
    assertThat(send("POST", "/v1/policy/reload", wrong).statusCode()).isEqualTo(401);
  }

  @Test
  void sessionEndsWithItsKey() throws Exception {
    KeyText key = key(Role.READER);
    Session session = signIn(key);
    assertThat(read(session)).isEqualTo(200);
    try (ApiKeyFile.Change change = keys.change()) {
      change.replace(change.keys().without(change.keys().named(key.id())));
    }
    await().untilAsserted(() -> assertThat(read(session)).isEqualTo(401));
  }

  @Test
  void signedOutSessionReadsNothing() throws Exception {
    Session session = signIn(key(Role.READER));
    Map<String, String> headers =
        Map.of("Cookie", session.cookie(), Sessions.TOKEN, session.token());
    assertThat(
            send("POST", "/v1/session/end", headers)
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow())
        .contains("Max-Age=0");
    assertThat(read(session)).isEqualTo(401);
  }

  @Test
  void callerLearnsItsRolesAndToken() throws Exception {
    Session session = signIn(key(Role.READER));
    assertThat(send("GET", "/v1/session", Map.of("Cookie", session.cookie())).body())
        .contains("\"roles\":[\"agent\",\"reader\"]", "\"token\":\"" + session.token() + "\"");
    assertThat(send("GET", "/v1/session", Map.of()).body())
        .contains("\"principal\":null", "\"roles\":[\"agent\"]", "\"token\":null");
  }

  @Test
  void cookieOfAnotherPortIsIgnored() throws Exception {
    Session session = signIn(key(Role.READER));
    String other = session.cookie().replaceFirst("indelible-[0-9]+", "indelible-1");
    assertThat(send("GET", "/v1/events", Map.of("Cookie", other)).statusCode()).isEqualTo(401);
    String twice = session.cookie() + "; " + session.cookie();
    assertThat(send("GET", "/v1/events", Map.of("Cookie", twice)).statusCode()).isEqualTo(401);
  }

  @Test
  void sessionEndsAfterItsLongestTime() throws Exception {
    KeyText key = key(Role.READER);
    AtomicLong nanos = new AtomicLong();
    Sessions sessions = new Sessions(KeyWatch.of(keys), nanos::get);
    Request request = session(sessions, key);
    assertThat(sessions.caller(request)).isPresent();
    nanos.addAndGet(Sessions.LONGEST.toNanos());
    assertThat(sessions.caller(request)).isEmpty();
  }

  @Test
  void furtherSessionOfAKeyEndsItsOldest() throws Exception {
    KeyText first = key(Role.READER);
    KeyText second = key(Role.READER);
    Sessions sessions = new Sessions(KeyWatch.of(keys), () -> 0);
    Request other = session(sessions, first);
    Request oldest = session(sessions, second);
    for (int i = 1; i < Sessions.MAX_OF_KEY; i++) {
      session(sessions, second);
    }
    assertThat(sessions.caller(oldest)).isPresent();
    Request newest = session(sessions, second);
    assertThat(sessions.caller(oldest)).isEmpty();
    assertThat(sessions.caller(newest)).isPresent();
    assertThat(sessions.caller(other)).isPresent();
  }

  /** Returns a request of a new session. */
  private static Request session(Sessions sessions, KeyText key) {
    Response begun =
        sessions.begin(
            new Request(
                "POST",
                "/v1/session",
                Map.of(),
                Map.of("authorization", "Bearer " + key.reveal())));
    String cookie = begun.headers().get("Set-Cookie");
    return new Request(
        "GET", "/v1/events", Map.of(), Map.of("cookie", cookie.substring(0, cookie.indexOf(';'))));
  }

  @Test
  void pageNamesItsPolicy() throws Exception {
    HttpResponse<String> page = send("GET", "/", Map.of());
    assertThat(page.statusCode()).isEqualTo(200);
    assumeThat(page.headers().firstValue("Content-Type").orElseThrow())
        .as("this build has no console")
        .startsWith("text/html");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'; script-src 'self'; style-src 'self'")
        .doesNotContain("unsafe")
        .contains("frame-ancestors 'none'");
    assertThat(page.body())
        .doesNotContainPattern("<script(?![^>]*src=)|<style|style=|http:|https:");
  }

  @Test
  void filesKeepTheirContentUnderTheirName() throws Exception {
    String page = send("GET", "/", Map.of()).body();
    List<String> names =
        java.util.regex.Pattern.compile("(?:src|href)=\"(/[^\"]+)\"")
            .matcher(page)
            .results()
            .map(found -> found.group(1))
            .toList();
    assumeThat(names).as("this build has no console").isNotEmpty();
    for (String name : names) {
      HttpResponse<String> file = send("GET", name, Map.of());
      assertThat(file.statusCode()).isEqualTo(200);
      assertThat(file.headers().firstValue("Cache-Control").orElseThrow())
          .isEqualTo("public, max-age=31536000, immutable");
      String tag = file.headers().firstValue("ETag").orElseThrow();
      assertThat(send("GET", name, Map.of("If-None-Match", tag)).statusCode()).isEqualTo(304);
    }
  }
}
