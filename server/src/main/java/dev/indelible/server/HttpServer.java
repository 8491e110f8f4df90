// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.policy.Redactor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server, on TCP and on a Unix socket. Reads a whole request, within limits of size and
 * time, and needs no thread while it waits for content; then calls a function that answers the
 * request. A request that is refused by its head is not read further.
 *
 * <p>The class is long because it is the only one that uses Jetty.
 */
final class HttpServer {
  /** Largest content of a request. A larger payload does not fit into a row of the log. */
  static final int MAX_BODY_BYTES = 4 << 20;

  private static final int MAX_HEADER_BYTES = 16 << 10;

  /** Maximum number of open connections; as many more wait in the kernel. */
  private static final int MAX_CONNECTIONS = 4_096;

  /** A connection without traffic is closed after this time. */
  private static final Duration IDLE_LIMIT = Duration.ofSeconds(30);

  private static final IdleConnections.Allowed IDLE =
      new IdleConnections.Allowed(
          Duration.ofSeconds(10), MAX_CONNECTIONS * 3 / 4, Duration.ofSeconds(1), 512);

  /** The longest time for a request's content to arrive; it holds memory meanwhile. */
  static final Duration CONTENT_LIMIT = Duration.ofSeconds(10);

  /** An answer never waits, so a few threads serve many connections. */
  private static final int MAX_THREADS = 32;

  /** Longest wait for requests that are being answered when the server stops. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

  /** Most content held at once for requests with a credential; as much for requests without one. */
  private static final int MAX_HELD_BYTES = 32 << 20;

  /** Requests with more content than this are answered by {@link #MAX_LARGE} at a time. */
  static final int LARGE_BYTES = 64 << 10;

  /**
   * Large requests with a credential that are answered at once; as many without one. While a
   * request is answered, it needs several times the memory of its content.
   */
  static final int MAX_LARGE = 2;

  /** Most content held at once for refused requests; more are refused without reading theirs. */
  private static final int MAX_REFUSED_BYTES = 4 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

  private static final String REQUEST_ID = "X-Request-Id";

  /** Headers that decisions depend on. If one occurs twice, a proxy could read the other value. */
  private static final Set<String> SINGLE =
      Set.of("authorization", "content-type", "cookie", "host", "idempotency-key", "origin");

  /** Parts of a path that a proxy may interpret differently. */
  private static final Pattern AMBIGUOUS_PATH = Pattern.compile(";|/\\.{1,2}(?:/|$)");

  private static final Pattern USABLE_ID = Pattern.compile("[!-~]{1,128}");

  /** Decides from its head how to treat a request. Safe for use by any number of threads. */
  interface Router {
    /** Decides how to treat a request, even if there is no endpoint for it. */
    Admission admit(Request head);

    /** Refuses a request, in the form that the clients of its path understand. */
    Admission refuse(Request head, Problem problem);
  }

  private final Server server;
  private final Optional<ServerConnector> tcp;
  private final Optional<SslContextFactory.Server> tls;

  private HttpServer(
      Server server, Optional<ServerConnector> tcp, Optional<SslContextFactory.Server> tls) {
    this.server = server;
    this.tcp = tcp;
    this.tls = tls;
  }

  /**
   * Starts to listen.
   *
   * @param settings where to listen
   * @param loaded the content of the files of TLS that the settings name
   * @throws IOException if an address cannot be used
   */
  static HttpServer start(ServeSettings settings, Optional<TlsFiles.Loaded> loaded, Router router)
      throws IOException {
    return start(settings, loaded, router, CONTENT_LIMIT);
  }

  /**
   * Starts to listen, see {@link #start(ServeSettings, Optional, Router)}.
   *
   * @param contentLimit the longest time for the content of a request to arrive
   */
  static HttpServer start(
      ServeSettings settings,
      Optional<TlsFiles.Loaded> loaded,
      Router router,
      Duration contentLimit)
      throws IOException {
    Optional<SslContextFactory.Server> tls = loaded.map(TlsFiles.Loaded::connections);
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 4);
    threads.setName("indelible-http");
    Server server = new Server(threads);
    Optional<ServerConnector> tcp = settings.address().map(address -> tcp(server, address, tls));
    tcp.ifPresent(connector -> add(server, connector));
    Optional<UnixDomainServerConnector> unix =
        settings.unixSocket().map(socket -> unix(server, socket));
    unix.ifPresent(connector -> add(server, connector));
    server.setHandler(new GracefulHandler(new Adapter(settings, router, contentLimit)));
    server.setErrorHandler(new Problems(router));
    server.setStopTimeout(STOP_LIMIT.toMillis());
    try {
      server.start();
    } catch (Exception e) {
      stop(server);
      throw failure(e, settings);
    }
    return new HttpServer(server, tcp, tls);
  }

  private static IOException failure(Exception e, ServeSettings settings) {
    Optional<String> taken =
        settings
            .address()
            .map(address -> address.getHostString() + ":" + address.getPort())
            .filter(address -> String.valueOf(e.getMessage()).endsWith(address));
    if (taken.isPresent() && e.getCause() instanceof BindException cause) {
      return new IOException(
          "listen: %s: %s; give another address, or end the process that uses this one"
              .formatted(taken.get(), cause.getMessage()),
          e);
    }
    return e instanceof IOException io ? io : new IOException(e.getMessage(), e);
  }

  /** Adds a connector with its own limit, so that TCP and socket cannot use up each other's. */
  private static void add(Server server, AbstractConnector connector) {
    connector.setIdleTimeout(IDLE_LIMIT.toMillis());
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    server.addBean(new IdleConnections(connector, IDLE));
  }

  /** Returns the TCP port; empty if the server listens only on a Unix socket. */
  Optional<Integer> port() {
    return tcp.map(ServerConnector::getLocalPort);
  }

  /** Returns true if the TCP port speaks TLS. */
  boolean isSecure() {
    return tls.isPresent();
  }

  /**
   * Uses other files of TLS for connections from now on.
   *
   * @throws IOException if they cannot be used; the earlier ones stay in use
   */
  void replaceTls(TlsFiles.Loaded next) throws IOException {
    if (tls.isPresent()) {
      next.replace(tls.get());
    }
  }

  /**
   * Accepts no more requests, and waits {@link #STOP_LIMIT} until those in progress are answered.
   * Slower ones are cut off.
   */
  void stop() {
    stop(server);
  }

  private static void stop(Server server) {
    try {
      server.stop();
    } catch (Exception e) {
      LOG.warn("requests in progress were cut off: {}", e.toString());
    }
  }

  private static ServerConnector tcp(
      Server server, InetSocketAddress address, Optional<SslContextFactory.Server> tls) {
    HttpConnectionFactory http = http();
    ConnectionFactory[] protocols =
        tls.isPresent()
            ? new ConnectionFactory[] {
              new SslConnectionFactory(tls.get(), http.getProtocol()), http
            }
            : new ConnectionFactory[] {http};
    ServerConnector connector = new ServerConnector(server, 1, 1, protocols);
    connector.setHost(address.getAddress().getHostAddress());
    connector.setPort(address.getPort());
    connector.setAcceptQueueSize(MAX_CONNECTIONS);
    return connector;
  }

  private static UnixDomainServerConnector unix(Server server, UnixSocket socket) {
    UnixDomainServerConnector connector = new UnixDomainServerConnector(server, 1, 1, http());
    connector.setUnixDomainPath(socket.path());
    connector.setAcceptQueueSize(MAX_CONNECTIONS);
    return connector;
  }

  private static HttpConnectionFactory http() {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_HEADER_BYTES);
    http.setHttpCompliance(HttpCompliance.RFC9110);
    http.setUriCompliance(UriCompliance.RFC3986);
    // Disables Jetty's SNI check: the guard compares the host with the configured names.
    http.addCustomizer(new SecureRequestCustomizer(false));
    return new HttpConnectionFactory(http);
  }

  /** Converts Jetty's requests to ours, and our responses to Jetty's. */
  private static final class Adapter extends Handler.Abstract {
    private final Router router;
    private final Guard guard;
    private final Peers peers;
    private final Duration contentLimit;
    private final Intake ofCredentials = new Intake(MAX_HELD_BYTES);
    private final Intake ofOthers = new Intake(MAX_HELD_BYTES);
    private final Intake ofRefused = new Intake(MAX_REFUSED_BYTES);

    /** What requests share, so that those of one kind cannot use up what another kind needs. */
    private record Intake(ContentMemory memory, Turns large) {
      Intake(int maxBytes) {
        this(new ContentMemory(maxBytes), new Turns(MAX_LARGE, Integer.MAX_VALUE));
      }
    }

    Adapter(ServeSettings settings, Router router, Duration contentLimit) {
      this.router = router;
      this.guard = new Guard(settings.access().names());
      this.peers = new Peers(settings);
      this.contentLimit = contentLimit;
    }

    @Override
    public boolean handle(
        org.eclipse.jetty.server.Request request,
        org.eclipse.jetty.server.Response response,
        Callback callback) {
      IdleConnections.begin(request);
      answer(admission(request), request, response, callback);
      return true;
    }

    private Admission admission(org.eclipse.jetty.server.Request request) {
      Request head;
      try {
        head = head(request).from(peers.of(request));
      } catch (IllegalArgumentException e) {
        return router.refuse(
            line(request),
            new Problem(400, Response.UNREADABLE, Redactor.scrub(String.valueOf(e.getMessage()))));
      }
      return guard
          .problem(head)
          .map(problem -> router.refuse(head, problem))
          .orElseGet(() -> router.admit(head));
    }

    private void answer(
        Admission admission,
        org.eclipse.jetty.server.Request request,
        org.eclipse.jetty.server.Response response,
        Callback callback) {
      if (admission.maxContent() == 0) {
        byte[] none = new byte[0];
        inTurn(
            admission.turns(),
            () -> send(answer(admission, none), request, response, callback),
            () -> send(admission.refuse(tooMany(), none), request, response, callback),
            callback::failed,
            callback::failed,
            request);
        return;
      }
      Admission admitted =
          request.getLength() > admission.maxContent() ? admission.refused(tooLarge()) : admission;
      new Reception(admitted, request, response, callback).run();
    }

    /** Returns what requests like this one share. */
    private Intake intake(Admission admission) {
      if (admission.problem().isPresent()) {
        return ofRefused;
      }
      return admission.request().caller().principal().isPresent() ? ofCredentials : ofOthers;
    }

    /**
     * Receives the content of a request and answers it. Holds memory for bytes that have arrived,
     * so a client that sends nothing holds none. Runs on one thread at a time.
     */
    private final class Reception implements Runnable {
      private final Admission admission;
      private final org.eclipse.jetty.server.Request request;
      private final org.eclipse.jetty.server.Response response;
      private final Callback callback;
      private final Intake intake;
      private final ContentMemory.Share share;
      private final Scheduler.Task limit;
      private ByteArrayOutputStream content = new ByteArrayOutputStream();

      /** The response to a request whose further content is not needed; null before. */
      private @Nullable Response refused;

      /**
       * True if the further content is received and discarded, because a client may read a response
       * only after it has sent everything.
       */
      private boolean discardsRest;

      Reception(
          Admission admission,
          org.eclipse.jetty.server.Request request,
          org.eclipse.jetty.server.Response response,
          Callback callback) {
        this.admission = admission;
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.intake = intake(admission);
        this.share = intake.memory().new Share(() -> request.fail(new GivenWayException()));
        this.limit =
            request
                .getComponents()
                .getScheduler()
                .schedule(
                    () -> request.fail(new TimeoutException("the content arrives too slowly")),
                    contentLimit.toMillis(),
                    TimeUnit.MILLISECONDS);
      }

      /** Takes the pieces that have arrived, until none is left or the request can be answered. */
      @Override
      public void run() {
        share.resume();
        try {
          receive();
        } catch (Throwable e) { // Memory may be short; the bytes that are held must become free.
          failInternally(e);
        }
      }

      private void receive() {
        while (true) {
          Content.Chunk chunk = request.read();
          if (chunk == null) {
            share.await();
            request.demand(this);
            return;
          }
          if (Content.Chunk.isFailure(chunk)) {
            fail(chunk.getFailure());
            return;
          }
          boolean isLast = chunk.isLast();
          try {
            take(chunk);
          } finally {
            chunk.release();
          }
          if (refused != null && (isLast || !discardsRest)) {
            respond(refused);
            return;
          }
          if (isLast) {
            limit.cancel();
            finish();
            return;
          }
        }
      }

      private void take(Content.Chunk chunk) {
        if (refused != null) {
          return;
        }
        int bytes = Math.min(chunk.remaining(), admission.maxContent() - content.size());
        if (!share.add(bytes)) {
          refuse(tooBusy(), admission.refusals().needContent());
          return;
        }
        byte[] piece = new byte[bytes];
        chunk.get(piece, 0, bytes);
        content.writeBytes(piece);
        if (chunk.hasRemaining()) {
          refuse(tooLarge(), true);
        }
      }

      /** Refuses the request, and frees the memory of its content. */
      private void refuse(Problem problem, boolean discard) {
        discardsRest = discard;
        refused = admission.refuse(problem, content.toByteArray());
        content = new ByteArrayOutputStream();
        share.close();
      }

      /** Answers a request that has arrived. */
      private void finish() {
        byte[] all = content.toByteArray();
        content = new ByteArrayOutputStream();
        Optional<Turns> turns =
            all.length > LARGE_BYTES ? Optional.of(intake.large()) : admission.turns();
        inTurn(
            turns,
            () -> respond(answer(admission, all)),
            () -> respond(admission.refuse(tooMany(), all)),
            this::failInternally,
            this::leave,
            request);
      }

      private void fail(Throwable failure) {
        if (failure instanceof TimeoutException) {
          respond(refused != null ? refused : admission.refuse(tooSlow(), content.toByteArray()));
        } else if (failure instanceof GivenWayException) {
          respond(refused != null ? refused : admission.refuse(tooBusy(), content.toByteArray()));
        } else {
          leave(failure);
        }
      }

      /** Answers a request that fails here, or else lets the server answer it. */
      private void failInternally(Throwable failure) {
        byte[] arrived = content.size() > LARGE_BYTES ? new byte[0] : content.toByteArray();
        content = new ByteArrayOutputStream();
        end();
        try {
          LOG.error("a request failed", failure);
          send(admission.refuse(failed(), arrived), request, response, callback);
        } catch (Throwable again) {
          callback.failed(failure);
        }
      }

      private void respond(Response with) {
        end();
        send(with, request, response, callback);
      }

      /** Ends without an answer, because the client has gone. */
      private void leave(Throwable cause) {
        end();
        callback.failed(cause);
      }

      private void end() {
        limit.cancel();
        share.close();
      }
    }

    /** The failure of a request whose place another one has taken. */
    private static final class GivenWayException extends Exception {
      private static final long serialVersionUID = 1;
    }

    /**
     * Answers a request when it has its turn, or refuses it if too many wait for theirs.
     *
     * @param turns empty if the request is answered at once
     * @param failed gets what {@code answer} throws; memory may be short
     * @param gone gets the failure of a request that fails while it waits
     */
    private static void inTurn(
        Optional<Turns> turns,
        Runnable answer,
        Runnable refuse,
        Consumer<Throwable> failed,
        Consumer<Throwable> gone,
        org.eclipse.jetty.server.Request request) {
      Runnable task =
          () -> {
            try {
              answer.run();
            } catch (Throwable e) {
              failed.accept(e);
            }
          };
      if (turns.isEmpty()) {
        task.run();
        return;
      }
      request.addFailureListener(
          cause -> {
            if (turns.get().giveUp(task)) {
              gone.accept(cause);
            }
          });
      Executor later = request.getConnectionMetaData().getConnector().getExecutor();
      if (!turns.get().run(task, failed, later)) {
        refuse.run();
      }
    }

    private static Response answer(Admission admission, byte[] content) {
      try {
        return admission.answer(content);
      } catch (Throwable e) { // The client must get an answer, one that does not permit.
        Request request = admission.request();
        LOG.error("{} {} failed", request.method(), request.path(), Redactor.scrub(e));
        return admission.refuse(failed(), content);
      }
    }

    private static Problem failed() {
      return new Problem(
          500, "Internal error", "the request failed; the daemon's log has the cause");
    }

    /**
     * Returns a request without its content.
     *
     * @throws IllegalArgumentException if the path is ambiguous, the query has a malformed escape
     *     or a parameter twice, or has a header of {@link #SINGLE} twice
     */
    private static Request head(org.eclipse.jetty.server.Request request) {
      Map<String, String> headers = new HashMap<>();
      for (HttpField field : request.getHeaders()) {
        String name = field.getName().toLowerCase(Locale.ROOT);
        String value = Optional.ofNullable(field.getValue()).orElse("");
        if (headers.putIfAbsent(name, value) != null && SINGLE.contains(name)) {
          throw new IllegalArgumentException("the header %s is given twice".formatted(name));
        }
      }
      String written = Optional.ofNullable(request.getHttpURI().getPath()).orElse("");
      if (AMBIGUOUS_PATH.matcher(written).find()) {
        throw new IllegalArgumentException("the path has dot segments or parameters");
      }
      Request line = line(request);
      return new Request(line.method(), line.path(), parameters(request), headers);
    }

    private static Map<String, String> parameters(org.eclipse.jetty.server.Request request) {
      String query = request.getHttpURI().getQuery();
      Map<String, String> parameters = new HashMap<>();
      for (String pair : query == null ? new String[0] : query.split("&")) {
        int equals = pair.indexOf('=');
        String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
        if (!pair.isEmpty() && parameters.put(name, value) != null) {
          throw new IllegalArgumentException(
              "the query cannot be read: the parameter %s is given twice".formatted(name));
        }
      }
      return parameters;
    }

    private static String decoded(String text) {
      try {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "the query cannot be read: malformed escape: " + text, e);
      }
    }

    private static Problem tooLarge() {
      return new Problem(
          413,
          "Content too large",
          "the content of a request has at most %s bytes".formatted(MAX_BODY_BYTES));
    }

    private Problem tooSlow() {
      return new Problem(
          408,
          "Too slow",
          "the content of a request arrives within %s seconds".formatted(contentLimit.toSeconds()));
    }

    private static Problem tooMany() {
      return new Problem(503, Problem.BUSY, "too many requests wait for the log; ask again");
    }

    private static Problem tooBusy() {
      return new Problem(
          503, Problem.BUSY, "too much content is being received at once; ask again");
    }

    private static void send(
        Response from,
        org.eclipse.jetty.server.Request request,
        org.eclipse.jetty.server.Response to,
        Callback callback) {
      to.setStatus(from.status());
      to.getHeaders().put("Cache-Control", "no-store");
      from.headers().forEach(to.getHeaders()::put);
      to.getHeaders().put("X-Content-Type-Options", "nosniff");
      to.getHeaders().put(REQUEST_ID, id(request));
      boolean head = request.getMethod().equals("HEAD");
      if (from.stream() == null) {
        to.getHeaders().put("Content-Length", from.body().length);
        to.write(true, head ? null : ByteBuffer.wrap(from.body()), callback);
      } else if (head) {
        to.write(true, null, callback);
      } else {
        from.stream().accept(new Streamed(to, callback));
      }
    }

    /**
     * Returns the id that the client gave the request, or a new one. The response repeats it, so
     * that the client's log can name the request.
     */
    private static String id(org.eclipse.jetty.server.Request request) {
      String given = request.getHeaders().get(REQUEST_ID);
      return given != null && USABLE_ID.matcher(given).matches()
          ? given
          : Long.toHexString(ThreadLocalRandom.current().nextLong());
    }
  }

  /** The content of a response that is written piece by piece. */
  private static final class Streamed implements Outlet {
    private final org.eclipse.jetty.server.Response to;
    private final Callback callback;

    /** True until the last piece has left. Guarded by this. */
    private boolean writing;

    /** True if the response has ended, or the client is gone. Guarded by this. */
    private boolean ended;

    Streamed(org.eclipse.jetty.server.Response to, Callback callback) {
      this.to = to;
      this.callback = callback;
    }

    @Override
    public void write(byte[] piece, Consumer<Boolean> left) {
      synchronized (this) {
        if (ended) {
          left.accept(false);
          return;
        }
        writing = true;
      }
      to.write(
          false,
          ByteBuffer.wrap(piece),
          Callback.from(
              () -> left.accept(wrote()),
              failure -> {
                cut(failure);
                left.accept(false);
              }));
    }

    /** Returns true if more can be written. */
    private synchronized boolean wrote() {
      writing = false;
      return !ended;
    }

    private void cut(Throwable failure) {
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
      }
      callback.failed(failure);
    }

    @Override
    public void end() {
      boolean inTheMiddle;
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
        inTheMiddle = writing;
      }
      if (inTheMiddle) {
        callback.failed(new EofException("the stream was ended"));
      } else {
        to.write(true, null, callback);
      }
    }
  }

  /** Returns the method and path of a request, which may be malformed. */
  private static Request line(org.eclipse.jetty.server.Request request) {
    return new Request(
        Optional.ofNullable(request.getMethod()).orElse(""),
        Optional.ofNullable(request.getHttpURI().getDecodedPath()).orElse(""),
        Map.of(),
        Map.of());
  }

  /**
   * Writes the server's own errors (for example, headers that are too long) in the form that the
   * clients of the path understand, as problem details if the path is not known.
   */
  private static final class Problems extends ErrorHandler {
    private final Router router;

    Problems(Router router) {
      this.router = router;
    }

    @Override
    protected void generateResponse(
        org.eclipse.jetty.server.Request request,
        org.eclipse.jetty.server.Response response,
        int code,
        String message,
        Throwable cause,
        Callback callback) {
      String detail = message == null ? "the request is not valid HTTP" : message;
      Problem problem = new Problem(code, "Bad request", detail);
      Response refusal = router.refuse(line(request), problem).refuse(problem, new byte[0]);
      response.setStatus(refusal.status());
      refusal.headers().forEach(response.getHeaders()::put);
      response.write(true, ByteBuffer.wrap(refusal.body()), callback);
    }
  }
}
