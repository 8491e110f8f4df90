// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.crypto.Sha256;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers a request that repeats an {@code Idempotency-Key} with the first answer, so that a client
 * that lost an answer does not record the action twice. A key belongs to one caller, one path and
 * one content. It expires when the policy changes, after {@link #LIFE}, when newer keys need its
 * memory, and with the process. Safe for use by any number of threads.
 */
final class Idempotency {
  /** A client that lost an answer asks again within seconds. */
  static final Duration LIFE = Duration.ofMinutes(10);

  /** Maximum number of keys of callers with a credential, and of callers without one. */
  static final int MAX_KEYS = 10_000;

  /** Maximum size of the answers to callers with a credential, and to callers without one. */
  static final long MAX_BYTES = 16 << 20;

  private static final String HEADER = "Idempotency-Key";

  private static final Pattern KEY = Pattern.compile("[!-~]{1,128}");

  /**
   * A member in canonical form. No text in an answer contains it, because quotes in texts are
   * escaped.
   */
  private static final String NOT_RECORDED = "\"id\":null";

  /** A key of one caller. */
  private record Key(Optional<String> principal, String text) {}

  /**
   * The first request with a key.
   *
   * @param digest the digest of its path and content
   * @param policy the digest of the policy in force
   * @param at the time by {@link #nanoTime}
   * @param answer the answer; null while the request is in progress
   */
  private record First(byte[] digest, String policy, long at, @Nullable Response answer) {
    int size() {
      return answer == null ? 0 : answer.body().length;
    }
  }

  private final Supplier<String> policy;
  private final LongSupplier nanoTime;

  /** First requests; guarded by the {@link Idempotency} that has them. */
  private static final class Share {
    /** Oldest first. */
    private final Map<Key, First> firsts = new LinkedHashMap<>();

    /** The size of all answers. */
    private long bytes;

    void put(Key key, First first) {
      forget(key);
      firsts.put(key, first);
      bytes += first.size();
    }

    void forget(Key key) {
      First removed = firsts.remove(key);
      if (removed != null) {
        bytes -= removed.size();
      }
    }

    void removeOldest() {
      Iterator<First> oldest = firsts.values().iterator();
      while ((firsts.size() > MAX_KEYS || bytes > MAX_BYTES) && oldest.hasNext()) {
        First next = oldest.next();
        if (next.answer() != null) {
          bytes -= next.size();
          oldest.remove();
        }
      }
    }
  }

  /** The first requests of credentials; guarded by this. */
  private final Share ofCredentials = new Share();

  /**
   * The first requests of callers without a credential, who could send any number; guarded by this.
   */
  private final Share ofOthers = new Share();

  /**
   * Creates an empty memory.
   *
   * @param policy returns the digest of the policy in force
   */
  Idempotency(Supplier<String> policy) {
    this(policy, System::nanoTime);
  }

  Idempotency(Supplier<String> policy, LongSupplier nanoTime) {
    this.policy = policy;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns an endpoint that answers repeated requests from memory, and passes others to an
   * endpoint.
   */
  Endpoint of(Endpoint endpoint) {
    return request -> {
      Optional<String> text = request.header(HEADER);
      return text.isEmpty() ? endpoint.answer(request) : answer(text.get(), request, endpoint);
    };
  }

  private Response answer(String text, Request request, Endpoint endpoint)
      throws JsonFormatException, ForbiddenException {
    if (!KEY.matcher(text).matches()) {
      throw new JsonFormatException(HEADER + ": give 1 to 128 ASCII characters without spaces");
    }
    Key key = new Key(request.caller().principal(), text);
    First asked =
        new First(
            Sha256.hash(request.path().getBytes(StandardCharsets.UTF_8), request.body()),
            policy.get(),
            nanoTime.getAsLong(),
            null);
    Optional<Response> known = begin(key, asked);
    if (known.isPresent()) {
      return known.get();
    }
    Optional<Response> kept = Optional.empty();
    try {
      Response response = endpoint.answer(request);
      kept = Optional.of(response).filter(Idempotency::isOnRecord);
      return response;
    } finally {
      end(key, asked, kept);
    }
  }

  /** Returns the answer for a key that is known; else begins its first request. */
  private synchronized Optional<Response> begin(Key key, First asked) {
    First first = share(key).firsts.get(key);
    if (first != null && first.answer() == null) {
      return Optional.of(
          Response.problem(
              409, "In progress", "the first request with this " + HEADER + " is in progress"));
    }
    if (first != null && isInForce(first, asked)) {
      return Optional.of(
          Arrays.equals(first.digest(), asked.digest())
              ? first.answer().with("Idempotent-Replayed", "true")
              : Response.problem(
                  422, "Other content", "this " + HEADER + " was used with another request"));
    }
    share(key).put(key, asked);
    return Optional.empty();
  }

  private Share share(Key key) {
    return key.principal().isPresent() ? ofCredentials : ofOthers;
  }

  private static boolean isInForce(First first, First asked) {
    return first.policy().equals(asked.policy()) && asked.at() - first.at() < LIFE.toNanos();
  }

  private synchronized void end(Key key, First asked, Optional<Response> kept) {
    Share share = share(key);
    share.forget(key);
    kept.ifPresent(
        answer -> share.put(key, new First(asked.digest(), asked.policy(), asked.at(), answer)));
    share.removeOldest();
  }

  /**
   * Returns true for an answer whose decisions are all on record. Other requests may be sent again.
   */
  private static boolean isOnRecord(Response response) {
    return (response.status() == 200 || response.status() == 400)
        && !new String(response.body(), StandardCharsets.UTF_8).contains(NOT_RECORDED);
  }
}
