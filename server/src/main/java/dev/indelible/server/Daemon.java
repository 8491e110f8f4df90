// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.Indelible;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.hook.HookDialect;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Answers agents about one open log until it is stopped. Does not own the log. The owner of the log
 * closes it after {@link #stop}, so that every answered decision is recorded.
 */
public final class Daemon {
  /** Maximum number of concurrent requests of readers that use the ledger. */
  private static final int MAX_READERS = 8;

  /** Maximum number of concurrent requests without a credential that use the ledger. */
  private static final int MAX_OTHERS = 2;

  private final Indelible log;
  private final ServeSettings settings;
  private final HttpServer server;
  private final Reports reports;

  /** Ends everything that the daemon does. */
  private final Runnable end;

  /** The digest of the issuers of client certificates that is on record. Guarded by this. */
  private Optional<String> clientCa;

  private Daemon(
      Indelible log,
      ServeSettings settings,
      HttpServer server,
      Reports reports,
      Optional<String> clientCa,
      Runnable end) {
    this.log = log;
    this.settings = settings;
    this.server = server;
    this.reports = reports;
    this.clientCa = clientCa;
    this.end = end;
  }

  /**
   * Starts to answer.
   *
   * @param log an open log
   * @throws IOException if the address or the socket cannot be used, or changed settings cannot be
   *     recorded
   */
  public static Daemon start(Indelible log, ServeSettings settings) throws IOException {
    AccessSettings granted = settings.access();
    Optional<TlsFiles.Loaded> tls = settings.loadTls();
    granted.record(log, tls.flatMap(TlsFiles.Loaded::clientCa));
    KeyWatch keys = KeyWatch.of(granted.keys());
    Sessions sessions = new Sessions(keys);
    return start(
        log,
        settings,
        tls,
        new Access(
            Callers.of(keys, sessions, granted.bindings()),
            sessions,
            keys::fault,
            granted.recordsReads() ? Optional.of(new ReadRecord(log.queue())) : Optional.empty()));
  }

  /** Starts to answer, with a function that identifies callers; does not record reads. */
  static Daemon start(Indelible log, ServeSettings settings, Callers callers) throws IOException {
    return start(
        log,
        settings,
        settings.loadTls(),
        new Access(callers, new Sessions(KeyWatch.of(null)), Optional::empty, Optional.empty()));
  }

  /**
   * Callers, and the record of their reads.
   *
   * @param sessions the sessions of people in browsers
   * @param fault returns why no API key is accepted; empty if keys are accepted
   * @param reads records reads of the log; empty for none
   */
  private record Access(
      Callers callers,
      Sessions sessions,
      Supplier<Optional<String>> fault,
      Optional<ReadRecord> reads) {}

  private static Daemon start(
      Indelible log, ServeSettings settings, Optional<TlsFiles.Loaded> tls, Access access)
      throws IOException {
    Optional<UnixSocket> socket = settings.unixSocket();
    if (socket.isEmpty()) {
      return start(log, settings, tls, access, () -> {});
    }
    ExclusiveLock lock = socket.get().prepare();
    try {
      return start(log, settings, tls, access, lock::close);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static Daemon start(
      Indelible log,
      ServeSettings settings,
      Optional<TlsFiles.Loaded> tls,
      Access access,
      Runnable unlock)
      throws IOException {
    VerifyJobs verifyJobs = new VerifyJobs(log.log());
    EventFeed feed = new EventFeed(log.log(), access.callers());
    Reports reports = new Reports(log, access.fault());
    LedgerAccess ledger = new LedgerAccess(MAX_READERS);
    Limits limits = new Limits(settings.access().perSecond());
    Routes routes = new Routes(access.callers(), limits, access.reads());
    addAgents(routes, log, reports, new McpEndpoint(log, access.reads()));
    addReaders(routes, log, ledger, verifyJobs, feed);
    addApprovals(routes, ledger, new ApprovalRequests(log, feed));
    Tiles tiles = new Tiles(log.log(), settings.access().publish());
    addTiles(routes, tiles, tiles.arePublished() ? new LedgerAccess(MAX_OTHERS) : ledger);
    routes.get("/v1/status", Role.READER, ledger.of(reports::status));
    LastHour lastHour = new LastHour(log);
    routes.get("/v1/status/hour", Role.READER, lastHour::show);
    addConsole(routes, access.sessions());
    HttpServer server;
    try {
      server = HttpServer.start(settings, tls, routes);
    } catch (IOException | RuntimeException e) {
      lastHour.stop();
      throw e;
    }
    try {
      Optional<UnixSocket> socket = settings.unixSocket();
      if (socket.isPresent()) {
        socket.get().share();
      }
    } catch (IOException e) {
      server.stop();
      throw e;
    }
    return new Daemon(
        log,
        settings,
        server,
        reports,
        tls.flatMap(TlsFiles.Loaded::clientCa),
        () -> {
          lastHour.stop();
          verifyJobs.stop();
          feed.close();
          server.stop();
          unlock.run();
          // Requests that ended meanwhile have read the log as well.
          access.reads().ifPresent(ReadRecord::flush);
        });
  }

  private static String literal(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return host.contains(":") ? "[" + host + "]" : host;
  }

  /** Adds the endpoints for agents. */
  private static void addAgents(Routes routes, Indelible log, Reports reports, McpEndpoint mcp) {
    Checks checks = new Checks(log);
    Idempotency repeated = new Idempotency(() -> log.policy().digest());
    AuthZen authZen = new AuthZen(log.gate());
    Hooks hooks = new Hooks(log.gate());
    for (String agent : HookDialect.agents()) {
      HookDialect dialect = HookDialect.named(agent).orElseThrow();
      routes.post("/v1/hooks/" + agent, Role.AGENT, hooks.of(dialect), Hooks.blocking(dialect));
    }
    routes
        .post("/mcp", Role.AGENT, mcp::answer)
        .post("/v1/check", Role.AGENT, repeated.of(checks::one))
        .post("/v1/checks", Role.AGENT, repeated.of(checks::many))
        .post("/access/v1/evaluation", Role.AGENT, authZen::evaluation)
        .post("/access/v1/evaluations", Role.AGENT, authZen::evaluations)
        .get("/.well-known/authzen-configuration", Role.AGENT, AuthZen::configuration)
        .get("/v1/capabilities", Role.AGENT, reports::capabilities)
        .get("/v1/openapi.yaml", Role.AGENT, ApiDocument::get)
        .get("/metrics", Role.AGENT, reports::metrics)
        .getUncounted("/health/live", reports::live)
        .get("/health/ready", Role.AGENT, reports::ready)
        .get("/health/audit", Role.AGENT, reports::audit);
  }

  /** Adds the endpoints for readers and operators. */
  private static void addReaders(
      Routes routes, Indelible log, LedgerAccess ledger, VerifyJobs verifyJobs, EventFeed feed) {
    AuditLog audit = log.log();
    DeadLetterReports deadLetters = new DeadLetterReports(audit);
    Policies policies = new Policies(log);
    Operations operations = new Operations(log.queue());
    Events events = new Events(audit);
    routes
        .get("/v1/events", Role.READER, ledger.of(events::list))
        .get("/v1/events/{id}", Role.READER, ledger.of(events::show))
        .get("/v1/stats", Role.READER, ledger.of(events::stats))
        .get("/v1/events/stream", Role.READER, ledger.of(feed::open))
        .get("/v1/events/{id}/proof", Role.READER, ledger.of(new Proofs(audit)::prove))
        .post("/v1/verify", Role.READER, ledger.of(verifyJobs::start))
        .get("/v1/verify/{id}", Role.READER, verifyJobs::show)
        .get("/v1/dlq", Role.READER, ledger.of(deadLetters::list))
        .get("/v1/dlq/{number}", Role.READER, ledger.of(deadLetters::show))
        .post(
            "/v1/dlq/{number}/replay", Role.OPERATOR, operations.of(ledger.of(deadLetters::replay)))
        .get("/v1/policy", Role.READER, policies::show)
        .post("/v1/policy/explain", Role.READER, policies::explain)
        .post("/v1/policy/reload", Role.OPERATOR, operations.of(policies::reload));
  }

  /** Adds the page for people, and their sessions. */
  private static void addConsole(Routes routes, Sessions sessions) {
    Console.ofBuild().addTo(routes);
    routes
        .get("/v1/session", Role.AGENT, sessions::show)
        .post("/v1/session", Role.AGENT, sessions::begin)
        .post("/v1/session/end", Role.AGENT, sessions::end);
  }

  /** Adds the endpoints for approvers. */
  private static void addApprovals(Routes routes, LedgerAccess ledger, ApprovalRequests approvals) {
    Set<Role> readers = EventFeed.View.APPROVALS.roles();
    routes
        .get("/v1/approvals", readers, ledger.of(approvals::list))
        .get("/v1/approvals/stream", readers, ledger.of(approvals::stream))
        .get("/v1/approvals/{id}", readers, ledger.of(approvals::show))
        .post(
            "/v1/approvals/{id}",
            Role.APPROVER,
            ledger.of(approvals::answer),
            approvals::recordForbidden);
  }

  /** Adds the log as static files, for readers or for everybody. */
  private static void addTiles(Routes routes, Tiles tiles, LedgerAccess ledger) {
    Endpoint checkpoint = ledger.of(tiles::checkpoint);
    Endpoint tile = ledger.of(tiles::tile);
    if (tiles.arePublished()) {
      routes.getOpenly("/checkpoint", checkpoint).getOpenly("/tile/{path...}", tile);
    } else {
      routes.get("/checkpoint", Role.READER, checkpoint).get("/tile/{path...}", Role.READER, tile);
    }
  }

  /** Returns the addresses that agents can use, as a client writes them. */
  public List<String> addresses() {
    List<String> addresses = new ArrayList<>();
    settings
        .address()
        .map(Daemon::literal)
        .ifPresent(
            name ->
                addresses.add(
                    "%s://%s:%s"
                        .formatted(
                            server.isSecure() ? "https" : "http", name, server.port().get())));
    settings.unixSocket().ifPresent(file -> addresses.add("unix:" + file.path()));
    return addresses;
  }

  /**
   * Reads the files of TLS again, for connections from now on. Other issuers of client certificates
   * are recorded first.
   *
   * @throws IOException if a file cannot be used, or other issuers cannot be recorded; the files
   *     read before stay in use, and health states that until a reload works
   */
  public synchronized void reloadTls() throws IOException {
    try {
      Optional<TlsFiles.Loaded> tls = settings.loadTls();
      if (tls.isPresent()) {
        replaceTls(tls.get());
      }
      reports.setTlsFault(Optional.empty());
    } catch (IOException e) {
      reports.setTlsFault(
          Optional.of(e.getMessage() + "; the files read before stay in use until a reload works"));
      throw e;
    }
  }

  private void replaceTls(TlsFiles.Loaded tls) throws IOException {
    Optional<String> next = tls.clientCa();
    if (!next.equals(clientCa)) {
      settings.access().recordChange(log, next);
      clientCa = next;
    }
    server.replaceTls(tls);
  }

  /**
   * Accepts no more requests, waits two seconds until those in progress are answered, and removes
   * the socket.
   */
  public void stop() {
    end.run();
  }
}
