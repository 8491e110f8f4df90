// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.ApiKey;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.crypto.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sessions of people who signed in to the console with an API key. A session lasts as long as
 * its key is accepted, and {@link #LONGEST} at most. The daemon keeps sessions in memory only, so
 * its end ends all of them.
 *
 * <p>A browser sends the cookie of a session by itself, so a request that changes something counts
 * as one of the session only with the session's token in the header {@value #TOKEN}. Safe for use
 * by any number of threads.
 */
final class Sessions {
  /** The header with the token of a session. */
  static final String TOKEN = "X-Indelible-Token";

  /** The longest session: a working day, so that a forgotten browser does not read for long. */
  static final Duration LONGEST = Duration.ofHours(12);

  /** Maximum number of sessions of one key; a further one ends the oldest. */
  static final int MAX_OF_KEY = 16;

  private static final int SECRET_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Pattern PORT = Pattern.compile(":([0-9]{1,5})$");

  private final KeyWatch keys;
  private final LongSupplier nanoTime;

  /** The sessions, keyed by the hash of the cookie, oldest first. Guarded by this. */
  private final Map<String, Session> sessions = new LinkedHashMap<>();

  /**
   * A session.
   *
   * @param key the key that was presented
   * @param token the text that a request which changes something repeats
   * @param until the time at which it ends, by {@link #nanoTime}
   */
  private record Session(ApiKey key, String token, long until) {}

  Sessions(KeyWatch keys) {
    this(keys, System::nanoTime);
  }

  Sessions(KeyWatch keys, LongSupplier nanoTime) {
    this.keys = keys;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns the caller whose session a request belongs to. Empty if it has no cookie of a session
   * in progress, or would change something and lacks the session's token.
   */
  Optional<Caller> caller(Request request) {
    return session(request)
        .filter(
            session ->
                !request.method().equals("POST")
                    || request.header(TOKEN).filter(given -> isEqual(given, session)).isPresent())
        .flatMap(session -> keys.recheck(session.key()))
        .map(key -> Caller.named(key.principal(), key.grant()));
  }

  private static boolean isEqual(String given, Session session) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8), session.token().getBytes(StandardCharsets.UTF_8));
  }

  private Optional<Session> session(Request request) {
    Optional<String> cookie = cookie(request);
    synchronized (this) {
      return cookie.map(secret -> sessions.get(hash(secret))).filter(session -> !isOver(session));
    }
  }

  private boolean isOver(Session session) {
    return nanoTime.getAsLong() - session.until() >= 0;
  }

  private static String hash(String secret) {
    return HexFormat.of().formatHex(Sha256.hash(secret.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the value of the session's cookie; empty if it is absent or given twice. */
  private static Optional<String> cookie(Request request) {
    String prefix = cookieName(request) + "=";
    List<String> values =
        Pattern.compile(";")
            .splitAsStream(request.header("Cookie").orElse(""))
            .map(String::strip)
            .filter(pair -> pair.startsWith(prefix))
            .map(pair -> pair.substring(prefix.length()))
            .toList();
    return values.size() == 1 ? Optional.of(values.get(0)) : Optional.empty();
  }

  /**
   * Returns the name of the cookie. It contains the port, because a browser sends a cookie to every
   * port of a host. A browser accepts the prefix {@code __Host-} only over TLS, from the host
   * itself.
   */
  private static String cookieName(Request request) {
    Matcher port = PORT.matcher(request.header("Host").orElse(""));
    return (request.peer().isSecure() ? "__Host-indelible" : "indelible")
        + (port.find() ? "-" + port.group(1) : "");
  }

  /** Starts a session for the holder of the API key in the header {@code Authorization}. */
  Response begin(Request request) {
    Optional<ApiKey> key =
        request
            .header("Authorization")
            .flatMap(credential -> Callers.keyText(credential))
            .flatMap(keys::accept);
    if (key.isEmpty()) {
      return Response.problem(
          401, "Unauthorized", "a session needs an API key (header Authorization)");
    }
    String secret = secret();
    Session session = new Session(key.get(), secret(), nanoTime.getAsLong() + LONGEST.toNanos());
    synchronized (this) {
      add(hash(secret), session);
    }
    return described(Caller.named(key.get().principal(), key.get().grant()), Optional.of(session))
        .with("Set-Cookie", setCookie(request, secret, LONGEST));
  }

  private void add(String hash, Session session) {
    sessions.values().removeIf(this::isOver);
    long ofKey = sessions.values().stream().filter(each -> isOfKey(each, session)).count();
    Iterator<Session> oldest = sessions.values().iterator();
    while (ofKey >= MAX_OF_KEY) {
      if (isOfKey(oldest.next(), session)) {
        oldest.remove();
        ofKey--;
      }
    }
    sessions.put(hash, session);
  }

  private static boolean isOfKey(Session one, Session other) {
    return one.key().id().equals(other.key().id());
  }

  private static String secret() {
    byte[] drawn = new byte[SECRET_BYTES];
    RANDOM.nextBytes(drawn);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(drawn);
  }

  private static String setCookie(Request request, String value, Duration age) {
    return "%s=%s; Path=/; Max-Age=%s; HttpOnly; SameSite=Strict%s"
        .formatted(
            cookieName(request),
            value,
            age.toSeconds(),
            request.peer().isSecure() ? "; Secure" : "");
  }

  /** Returns who calls, with which roles; in a session also its token and the time left. */
  Response show(Request request) {
    boolean counts = request.caller().principal().isPresent();
    return described(request.caller(), counts ? session(request) : Optional.empty());
  }

  private Response described(Caller caller, Optional<Session> session) {
    return Response.json(
        200,
        out -> {
          out.name("agent_id").nullable(caller.agentId());
          out.name("expires_in");
          out.nullable(
              session.map(
                  each -> Duration.ofNanos(each.until() - nanoTime.getAsLong()).toSeconds()),
              out::number);
          out.name("principal").nullable(caller.principal());
          out.name("roles")
              .strings(
                  List.of(Role.values()).stream().filter(caller::has).map(Role::label).toList());
          out.name("token").nullable(session.map(Session::token));
        });
  }

  /** Ends the session of a request. */
  Response end(Request request) {
    Optional<String> cookie = cookie(request);
    synchronized (this) {
      cookie.ifPresent(secret -> sessions.remove(hash(secret)));
    }
    return Response.json(200, out -> {}).with("Set-Cookie", setCookie(request, "", Duration.ZERO));
  }
}
