// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.base.Text;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that is reached over Streamable HTTP. Each request has a thread, which reads its answer:
 * a JSON object, or a stream of events. Every request gets an answer, at least an error.
 */
final class HttpUpstream implements Upstream {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);

  /** Longest wait for the answer to a notification, and for the end of a session. */
  private static final Duration SHORT_LIMIT = Duration.ofSeconds(10);

  /** Wait before the stream of the server's own messages is opened again. */
  private static final Duration REOPEN_INTERVAL = Duration.ofSeconds(2);

  private static final String SESSION = "Mcp-Session-Id";
  private static final String DATA = "data:";

  /** The form of a bearer token. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]+");

  /** Values that a header can carry unencoded. */
  private static final Pattern PLAIN = Pattern.compile("[!-~]([ -~]*[!-~])?");

  /**
   * The address of a server.
   *
   * @param uri an https address, or an http address on this machine
   * @param token the bearer token, if the server needs one
   */
  record Address(URI uri, Optional<String> token) {
    /**
     * Checks the address.
     *
     * @throws IllegalArgumentException if others could read what goes there, or the token cannot be
     *     sent; the message does not contain the token
     */
    Address {
      String scheme = String.valueOf(uri.getScheme());
      if (uri.getHost() == null || !scheme.equals("https") && !scheme.equals("http")) {
        throw new IllegalArgumentException(uri + ": give an address that begins with https://");
      }
      if (scheme.equals("http") && !isLoopback(uri.getHost())) {
        throw new IllegalArgumentException(
            uri + ": is not encrypted; use https, or http to an address on this machine");
      }
      if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
        throw new IllegalArgumentException(
            "the token has a space, a line break or another character that no token has");
      }
    }

    private static boolean isLoopback(String host) {
      try {
        return InetAddress.getByName(host).isLoopbackAddress();
      } catch (UnknownHostException e) {
        return false;
      }
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(HttpUpstream.class);

  private final Address address;
  private final Listener listener;

  /** The client does not follow redirects, which would hand the token to another host. */
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT_LIMIT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "indelible-mcp-http");
            thread.setDaemon(true);
            return thread;
          });

  /** The requests that have no answer yet, by id. */
  private final Map<String, Future<?>> open = new ConcurrentHashMap<>();

  /** The session that the server began; the thread of the handshake writes it. */
  private volatile Optional<String> session = Optional.empty();

  /** The version that the handshake agreed on; empty before it. */
  private volatile Optional<String> version = Optional.empty();

  /** True if the last request stated its version itself, so that there is no session. */
  private volatile boolean isStateless;

  HttpUpstream(Address address, Listener listener) {
    this.address = address;
    this.listener = listener;
  }

  /** Sends a request on its own thread, and any other message before it returns. */
  @Override
  public void send(Message message) {
    if (message.isRequest()) {
      isStateless = message.isStateless();
      open.put(message.id(), threads.submit(() -> ask(message)));
      return;
    }
    if (message.method().equals(Message.CANCELLED) && isStateless) {
      // Without sessions, the end of the answer's stream is the cancellation.
      Future<?> cancelled = open.remove(Message.idText(message.params().path("requestId")));
      if (cancelled != null) {
        cancelled.cancel(true);
      }
      return;
    }
    HttpRequest post = post(message).timeout(SHORT_LIMIT).build();
    try {
      int status = http.send(post, BodyHandlers.discarding()).statusCode();
      if (status >= 400) {
        LOG.warn("the server answers {} with HTTP status {}", name(message), status);
      }
    } catch (IOException e) {
      // The next request fails as well, and its sender gets the error as its answer.
      LOG.warn("{} does not reach the server: {}", name(message), e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (message.method().equals("notifications/initialized")) {
      threads.submit(this::readServerMessages);
    }
  }

  private static String name(Message message) {
    return Text.printable(message.method(), 100);
  }

  private HttpRequest.Builder request() {
    HttpRequest.Builder request = HttpRequest.newBuilder(address.uri());
    address.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    session.ifPresent(id -> request.header(SESSION, id));
    return request;
  }

  private HttpRequest.Builder post(Message message) {
    HttpRequest.Builder post =
        request()
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .POST(BodyPublishers.ofByteArray(message.bytes()));
    if (message.isStateless()) {
      String stated =
          message.params().path("_meta").path(Message.META + "protocolVersion").asString("");
      post.header(McpHttp.VERSION, encoded(stated)).header("Mcp-Method", encoded(message.method()));
      String member = message.method().equals(Message.READ_RESOURCE) ? "uri" : "name";
      if (message.params().path(member).isString()) {
        post.header("Mcp-Name", encoded(message.params().path(member).stringValue()));
      }
    } else {
      version.ifPresent(agreed -> post.header(McpHttp.VERSION, agreed));
    }
    return post;
  }

  /** Encodes a value that a header cannot carry unencoded. */
  private static String encoded(String value) {
    if (PLAIN.matcher(value).matches() && !value.startsWith(McpHttp.BASE64_BEGIN)) {
      return value;
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return McpHttp.BASE64_BEGIN + Base64.getEncoder().encodeToString(bytes) + McpHttp.BASE64_END;
  }

  private void ask(Message request) {
    Answering answering = new Answering(request);
    try {
      HttpResponse<InputStream> response =
          http.send(post(request).build(), BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        if (request.method().equals(Message.INITIALIZE)) {
          session = response.headers().firstValue(SESSION);
        }
        if (type(response).equals("text/event-stream")) {
          readEvents(body, answering::receive);
        } else if (type(response).equals("application/json")) {
          answering.receive(whole(body));
        }
      }
      answering.end("the server answers with HTTP status %s".formatted(response.statusCode()));
    } catch (IOException e) {
      answering.end("the server cannot be reached: " + e);
    } catch (RuntimeException | Error e) {
      // The exception's text can quote a header, such as the token, and a model reads this.
      answering.end("the request cannot be sent: " + e.getClass().getName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // The request was cancelled.
    } finally {
      open.remove(request.id());
    }
  }

  private static String type(HttpResponse<?> response) {
    String type = response.headers().firstValue("Content-Type").orElse("");
    return type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
  }

  /** The messages that answer one request. */
  private final class Answering {
    private final Message request;
    private boolean isAnswered;

    Answering(Message request) {
      this.request = request;
    }

    /** Passes a message on, unless it is the answer to another request. */
    void receive(Lines.Line message) {
      Optional<Message> read = read(message);
      if (read.isPresent() && read.get().isResponse()) {
        if (!read.get().id().equals(request.id())) {
          return;
        }
        if (request.method().equals(Message.INITIALIZE)) {
          version =
              read.get()
                  .json()
                  .path("result")
                  .path("protocolVersion")
                  .stringValueOpt()
                  .filter(agreed -> PLAIN.matcher(agreed).matches());
        }
        deliver(message);
        isAnswered = true;
        return;
      }
      deliver(message);
    }

    private static Optional<Message> read(Lines.Line message) {
      try {
        return message.isCut() ? Optional.empty() : Optional.of(Message.read(message.bytes()));
      } catch (MessageException e) {
        return Optional.empty(); // The gateway reports it.
      }
    }

    /** Answers the request with an error if no answer came. */
    void end(String reason) {
      if (!isAnswered && !Thread.currentThread().isInterrupted()) {
        Message error = request.error(Message.INTERNAL_ERROR, reason, Optional.empty());
        deliver(new Lines.Line(error.bytes(), new byte[0]));
      }
    }
  }

  /**
   * Reads the messages that a server with a session sends unasked, while it offers a stream of
   * them.
   */
  private void readServerMessages() {
    try {
      while (true) {
        HttpRequest.Builder get = request().header("Accept", "text/event-stream");
        version.ifPresent(agreed -> get.header(McpHttp.VERSION, agreed));
        HttpResponse<InputStream> response =
            http.send(get.GET().build(), BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
          if (response.statusCode() != 200) {
            return;
          }
          readEvents(body, this::deliver);
        } catch (IOException e) {
          // The stream is opened again.
        }
        Thread.sleep(REOPEN_INTERVAL.toMillis());
      }
    } catch (IOException e) {
      // The next request reports the fault.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) { // The executor would drop it without a trace.
      LOG.error("the server's own messages do not arrive any more", e);
    }
  }

  private static Lines.Line whole(InputStream body) throws IOException {
    byte[] all = body.readNBytes(ServerProcess.MAX_LINE_BYTES + 1);
    boolean isCut = all.length > ServerProcess.MAX_LINE_BYTES;
    return new Lines.Line(all, isCut ? all : new byte[0]);
  }

  /** Passes on the data of each event in a stream. */
  private static void readEvents(InputStream body, Consumer<Lines.Line> sink) throws IOException {
    Lines lines = new Lines(body, ServerProcess.MAX_LINE_BYTES);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    byte[] tail = new byte[0];
    Lines.@Nullable Line line = lines.nextOrBlank();
    while (line != null) {
      String head =
          new String(
              line.bytes(),
              0,
              Math.min(DATA.length(), line.bytes().length),
              StandardCharsets.ISO_8859_1);
      if (line.isBlank() && data.size() > 0) {
        sink.accept(new Lines.Line(data.toByteArray(), tail));
        data.reset();
        tail = new byte[0];
      } else if (head.equals(DATA)) {
        boolean fits = data.size() + line.bytes().length <= ServerProcess.MAX_LINE_BYTES;
        data.write(' ');
        data.write(line.bytes(), DATA.length(), fits ? line.bytes().length - DATA.length() : 0);
        tail = line.isCut() ? line.tail() : fits ? tail : line.bytes();
      }
      line = lines.nextOrBlank();
    }
  }

  /** Passes a message on as one line; JSON has line breaks only between its tokens. */
  private synchronized void deliver(Lines.Line message) {
    byte[] bytes = message.bytes();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = bytes[i] == '\n' || bytes[i] == '\r' ? (byte) ' ' : bytes[i];
    }
    listener.receive(message);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    if (session.isEmpty()) {
      return;
    }
    try {
      http.send(request().DELETE().timeout(SHORT_LIMIT).build(), BodyHandlers.discarding());
    } catch (IOException e) {
      // The server ends the session by itself later.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
