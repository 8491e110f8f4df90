// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.hook.HookDialect;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers agents about one open log until it is stopped. Does not own the log. The owner of the log
 * closes it after {@link #stop}, so that every answered decision is recorded.
 */
public final class Daemon {
  private final HttpServer server;
  private final Optional<UnixSocket> socket;
  private final Optional<String> host;

  private final VerifyJobs verifyJobs;

  private Daemon(
      HttpServer server,
      Optional<UnixSocket> socket,
      Optional<String> host,
      VerifyJobs verifyJobs) {
    this.verifyJobs = verifyJobs;
    this.server = server;
    this.socket = socket;
    this.host = host;
  }

  /**
   * Starts to answer.
   *
   * @param log an open log
   * @throws IOException if the address or the socket cannot be used; the message names it
   */
  public static Daemon start(Indelible log, ServeSettings settings) throws IOException {
    KeyWatch keys = KeyWatch.of(settings.keys());
    return start(log, settings, Callers.withKeys(keys), keys::fault);
  }

  /** Starts to answer the callers that are identified by a function. */
  static Daemon start(Indelible log, ServeSettings settings, Callers callers) throws IOException {
    return start(log, settings, callers, Optional::empty);
  }

  private static Daemon start(
      Indelible log,
      ServeSettings settings,
      Callers callers,
      Supplier<Optional<String>> credentialFault)
      throws IOException {
    Optional<UnixSocket> socket = settings.unixSocket();
    if (socket.isPresent()) {
      socket.get().prepare();
    }
    VerifyJobs verifyJobs = new VerifyJobs(log.log());
    HttpServer server =
        HttpServer.start(settings, routes(log, verifyJobs, callers, credentialFault)::answer);
    try {
      if (socket.isPresent()) {
        socket.get().share();
      }
    } catch (IOException e) {
      server.stop();
      throw e;
    }
    return new Daemon(server, socket, settings.address().map(Daemon::literal), verifyJobs);
  }

  private static String literal(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return host.contains(":") ? "[" + host + "]" : host;
  }

  private static Routes routes(
      Indelible log,
      VerifyJobs verifyJobs,
      Callers callers,
      Supplier<Optional<String>> credentialFault) {
    Checks checks = new Checks(log.gate());
    AuthZen authZen = new AuthZen(log.gate());
    Reports reports = new Reports(log, credentialFault);
    Proofs proofs = new Proofs(log.log());
    DeadLetterReports deadLetters = new DeadLetterReports(log.log());
    Policies policies = new Policies(log);
    LedgerAccess ledger = new LedgerAccess();
    Routes routes = new Routes(callers);
    Hooks hooks = new Hooks(log.gate());
    for (String agent : HookDialect.agents()) {
      routes.post(
          "/v1/hooks/" + agent, Role.AGENT, hooks.of(HookDialect.named(agent).orElseThrow()));
    }
    return routes
        .post("/v1/check", Role.AGENT, checks::one)
        .post("/v1/checks", Role.AGENT, checks::many)
        .post("/access/v1/evaluation", Role.AGENT, authZen::evaluation)
        .post("/access/v1/evaluations", Role.AGENT, authZen::evaluations)
        .get("/.well-known/authzen-configuration", Role.AGENT, AuthZen::configuration)
        .get("/v1/events/{id}/proof", Role.READER, ledger.of(proofs::prove))
        .post("/v1/verify", Role.READER, ledger.of(verifyJobs::start))
        .get("/v1/verify/{id}", Role.READER, verifyJobs::show)
        .get("/v1/dlq", Role.READER, ledger.of(deadLetters::list))
        .get("/v1/dlq/{number}", Role.READER, ledger.of(deadLetters::show))
        .post("/v1/dlq/{number}/replay", Role.OPERATOR, ledger.of(deadLetters::replay))
        .get("/v1/policy", Role.READER, policies::show)
        .post("/v1/policy/reload", Role.OPERATOR, policies::reload)
        .get("/v1/status", Role.READER, ledger.of(reports::status))
        .get("/v1/capabilities", Role.AGENT, reports::capabilities)
        .get("/v1/openapi.yaml", Role.AGENT, ApiDocument::get)
        .get("/metrics", Role.AGENT, reports::metrics)
        .get("/health/live", Role.AGENT, reports::live)
        .get("/health/ready", Role.AGENT, reports::ready)
        .get("/health/audit", Role.AGENT, reports::audit);
  }

  /** Returns the addresses that agents can use, as a client writes them. */
  public List<String> addresses() {
    List<String> addresses = new ArrayList<>();
    host.ifPresent(name -> addresses.add("http://%s:%s".formatted(name, server.port().get())));
    socket.ifPresent(file -> addresses.add("unix:" + file.path()));
    return addresses;
  }

  /**
   * Accepts no more requests, waits two seconds until those in progress are answered, and removes
   * the socket.
   */
  public void stop() {
    verifyJobs.stop();
    server.stop();
  }
}
