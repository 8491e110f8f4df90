// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.AddCheckpointRequest;
import dev.indelible.checkpoint.AddCheckpointResponse;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.MerkleTree;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Requests cosignatures from one witness (C2SP tlog-witness v1.0.0). Remembers the log size that
 * the witness last stated or cosigned. Used by one thread.
 *
 * <p>Trusts nothing in an answer except a cosignature that verifies under the witness's key. A
 * request takes at most {@link #PATIENCE}, an answer has at most {@link #MAX_ANSWER_BYTES}, and a
 * checkpoint causes at most {@link #MAX_TRIES} requests.
 */
public final class WitnessClient {
  /** Time limit for a complete answer of a witness. */
  public static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Maximum length of an answer, in bytes. */
  private static final int MAX_ANSWER_BYTES = 64 * 1024;

  /**
   * Maximum number of requests for one checkpoint: the first, a second from the size that the
   * witness states, and two more, because another process of the log may be asking at the same
   * time.
   */
  static final int MAX_TRIES = 4;

  /** Maximum number of characters of an answer that an error quotes. */
  private static final int SHOWN_CHARS = 120;

  private final HttpClient http;
  private final VerifierKey key;
  private final URI addCheckpoint;
  private final Duration patience;

  /** The size that the witness last stated or cosigned. */
  private long known;

  /** The size of the last checkpoint for which this client received a cosignature. */
  private long vouched;

  /** True if the witness has since stated a smaller size than it cosigned. */
  private boolean forgot;

  /**
   * Creates a client for a witness.
   *
   * @param http the HTTP client; it must not follow redirects
   * @param key the witness's key
   * @param url the prefix of the witness's URLs
   * @param known the size of the last checkpoint that the witness is known to have cosigned; 0 for
   *     none
   * @param patience the time limit for an answer
   */
  public WitnessClient(HttpClient http, VerifierKey key, URI url, long known, Duration patience) {
    this.http = http;
    this.key = key;
    this.addCheckpoint = URI.create(url.toString().replaceFirst("/+$", "") + "/add-checkpoint");
    this.known = known;
    this.vouched = known;
    this.patience = patience;
  }

  /** Returns a new HTTP client for requests to witnesses. */
  public static HttpClient http() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(PATIENCE)
        .build();
  }

  /**
   * Parses the URL of a witness.
   *
   * @throws IllegalArgumentException if it is not an HTTP URL
   */
  public static URI url(String text) {
    URI url = URI.create(text);
    boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    if (!isHttp || url.getHost() == null || url.getQuery() != null || url.getFragment() != null) {
      throw new IllegalArgumentException("not of the form http(s)://host[:port][/path]");
    }
    return url;
  }

  /** Returns the witness's key. */
  public VerifierKey key() {
    return key;
  }

  /**
   * Requests a cosignature.
   *
   * @param checkpoint the checkpoint, signed by the log
   * @param tree the tree of the checkpoint's size
   * @throws X if the tree cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public <X extends Exception> WitnessReply ask(SignedCheckpoint checkpoint, MerkleTree<X> tree)
      throws X, InterruptedException {
    long size = checkpoint.unverified().size();
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      if (known > size) {
        // Forget the stated size, so that the next call starts from 0.
        long stated = known;
        known = 0;
        return new WitnessReply.Ahead(stated);
      }
      long from = known;
      List<Hash> proof = from == 0 || from == size ? List.of() : tree.consistencyProof(from).path();
      Answer answer = send(new AddCheckpointRequest(from, proof, checkpoint).bytes());
      Optional<WitnessReply> reply = read(answer, checkpoint, from);
      if (reply.isPresent()) {
        return reply.get();
      }
    }
    return new WitnessReply.Failed("it states another size in each answer");
  }

  /** Interprets an answer. Returns empty if the client must ask again from another size. */
  private Optional<WitnessReply> read(Answer answer, SignedCheckpoint checkpoint, long from) {
    if (answer.failure().isPresent()) {
      return failed(answer.failure().get());
    }
    try {
      return switch (answer.status()) {
        case AddCheckpointResponse.Cosigned.STATUS, AddCheckpointResponse.Conflict.STATUS ->
            read(AddCheckpointResponse.parse(answer.status(), answer.body()), checkpoint, from);
        case WitnessAnswer.UNPROCESSABLE ->
            contradicted(
                "it saw %s rows and states that this checkpoint does not continue them: %s"
                    .formatted(from, answer.text()));
        case WitnessAnswer.NOT_FOUND ->
            failed(
                "it does not trust this log; run 'indelible witness trust' there with the log's vkey: "
                    + answer.text());
        case WitnessAnswer.FORBIDDEN ->
            failed(
                "it trusts this log under another key; run 'indelible witness trust' there with the log's vkey: "
                    + answer.text());
        default -> failed("it answered status " + answer.status() + ": " + answer.text());
      };
    } catch (CheckpointParseException e) {
      return failed(e.getMessage());
    }
  }

  private Optional<WitnessReply> read(
      AddCheckpointResponse response, SignedCheckpoint checkpoint, long from) {
    if (response instanceof AddCheckpointResponse.Cosigned cosigned) {
      return Optional.of(cosignature(cosigned.cosignatures(), checkpoint));
    }
    long stated = ((AddCheckpointResponse.Conflict) response).size();
    if (stated == from && from == 0) {
      return failed("it states that it has seen no rows, but refuses the first ones");
    }
    if (stated == from) {
      // The sizes agree, so the witness has a different root for this size.
      return contradicted("it saw other rows: " + stated + ", with another root");
    }
    forgot |= stated < vouched;
    known = stated;
    return Optional.empty();
  }

  private static Optional<WitnessReply> failed(String reason) {
    return Optional.of(new WitnessReply.Failed(reason));
  }

  private static Optional<WitnessReply> contradicted(String reason) {
    return Optional.of(new WitnessReply.Contradicted(reason));
  }

  private WitnessReply cosignature(List<NoteSignature> lines, SignedCheckpoint checkpoint) {
    for (NoteSignature line : lines) {
      if (key.isNamedBy(line)) {
        if (!key.verifies(checkpoint.note().text(), line)) {
          return new WitnessReply.Failed(
              "its cosignature is not valid under its key for this checkpoint");
        }
        boolean wasRolledBack = forgot;
        forgot = false;
        known = checkpoint.unverified().size();
        vouched = known;
        return new WitnessReply.Cosigned(line, wasRolledBack);
      }
    }
    return new WitnessReply.Failed("its answer has no cosignature of its key, only of others");
  }

  /** Sends a request and waits for the complete answer, up to the time limit. */
  private Answer send(byte[] body) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(addCheckpoint)
            .timeout(patience)
            .header("Content-Type", "text/plain; charset=utf-8")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, info -> new BoundedBody(MAX_ANSWER_BYTES));
    try {
      // The timeout of the request covers only the time to the first byte of the answer.
      HttpResponse<byte[]> response = exchange.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(response.statusCode(), response.body(), Optional.empty());
    } catch (TimeoutException e) {
      return late();
    } catch (ExecutionException e) {
      return e.getCause() instanceof HttpTimeoutException
          ? late()
          : Answer.failed("it cannot be reached: " + e.getCause());
    } finally {
      exchange.cancel(true);
    }
  }

  private Answer late() {
    return Answer.failed("it did not answer within " + patience.toMillis() + " ms");
  }

  /**
   * An answer, or a failure.
   *
   * @param status the HTTP status
   * @param body the whole body
   * @param failure the reason of the failure; empty if there is an answer
   */
  private record Answer(int status, byte[] body, Optional<String> failure) {
    static Answer failed(String reason) {
      return new Answer(0, new byte[0], Optional.of(reason));
    }

    /** Returns the body for a message: one line without control characters. */
    String text() {
      String all = new String(body, StandardCharsets.UTF_8);
      StringBuilder shown = new StringBuilder();
      all.lines()
          .findFirst()
          .orElse("")
          .codePoints()
          .limit(SHOWN_CHARS)
          .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
          .forEach(shown::appendCodePoint);
      return shown.toString();
    }
  }
}
