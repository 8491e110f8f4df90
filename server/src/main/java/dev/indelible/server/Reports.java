// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.IndelibleMeters;
import dev.indelible.base.Repeated;
import dev.indelible.base.Repeated.LateException;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reports the state of the log: health, metrics and capabilities. */
final class Reports {
  /** The Prometheus text format. */
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Indelible log;

  /** Returns why no API key is accepted; empty if keys are accepted. */
  private final Supplier<Optional<String>> credentialFault;

  /** Why the TLS files could not be read again; empty if the newest files are in use. */
  private volatile Optional<String> tlsFault = Optional.empty();

  private final Repeated<AuditHealth, RuntimeException> audits = new Repeated<>(this::health);

  private final Repeated<Response, LedgerException> statuses = new Repeated<>(this::status);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  Reports(Indelible log, Supplier<Optional<String>> credentialFault) {
    this.log = log;
    this.credentialFault = credentialFault;
    IndelibleMeters.of(log, this::recentHealth).bindTo(registry);
  }

  /** Sets why the TLS files could not be read again; empty if the newest files are in use. */
  void setTlsFault(Optional<String> fault) {
    tlsFault = fault;
  }

  /** Reports that the process answers; says nothing about the log. */
  Response live(Request request) {
    return Response.json(200, out -> out.member("status", "up"));
  }

  /** Reports whether decisions can be recorded now: 200 or 503. */
  Response ready(Request request) {
    boolean open = log.queue().isOpen();
    boolean ready = open && log.queue().isAccepting();
    String status = ready ? "ready" : open ? "full" : "closed";
    return Response.json(ready ? 200 : 503, out -> out.member("status", status));
  }

  /**
   * Reports the health of the whole log: 200 without a fault, else 503 with every fault. Reads the
   * ledger and the journals at most once a second, in one request at a time; other requests get the
   * previous answer, unless it is too old.
   */
  Response audit(Request request) {
    AuditHealth health;
    try {
      health = audits.get();
    } catch (LateException e) {
      health =
          AuditHealth.of(List.of(new HealthEntry(HealthEntry.LEDGER, "the log " + e.getMessage())));
    }
    boolean well = health.state() == AuditHealth.State.RECORDING;
    AuditHealth known = health;
    return Response.json(
        well ? 200 : 503,
        out -> {
          out.name("entries").objects(known.entries(), entry -> entry.write(out));
          out.member("state", known.state().label());
        });
  }

  private AuditHealth health() {
    return log.health().and(own());
  }

  /** Returns the health that {@link #audit} reports; empty if it cannot be read now. */
  private Optional<AuditHealth> recentHealth() {
    try {
      return Optional.of(audits.get());
    } catch (LateException e) {
      return Optional.empty();
    }
  }

  /** Returns the faults of the daemon's own files. */
  private List<HealthEntry> own() {
    return Stream.concat(
            credentialFault.get().stream()
                .map(fault -> new HealthEntry(HealthEntry.CREDENTIALS, fault)),
            tlsFault.stream().map(fault -> new HealthEntry(HealthEntry.TLS, fault)))
        .toList();
  }

  /**
   * Returns the status of the log, as {@code indelible status} prints it. Reads the log at most
   * once a second, in one request at a time; other requests get the previous answer, unless it is
   * too old.
   */
  Response status(Request request) throws LedgerException {
    try {
      return statuses.get();
    } catch (LateException e) {
      return Response.problem(503, "Log unavailable", "the log " + e.getMessage());
    }
  }

  private Response status() throws LedgerException {
    return Response.of(Response.JSON, log.statusJson(own()));
  }

  /** Returns all meters of one snapshot, in the text format of Prometheus. */
  Response metrics(Request request) {
    return Response.text(METRICS_TYPE, registry.scrape());
  }

  /**
   * Reports the number of waiting dead letters, which is null if it is unknown (D11), and the
   * policy in force.
   */
  Response capabilities(Request request) {
    OptionalLong waiting = log.metrics().ledger().deadLettersWaiting();
    return Response.json(
        200,
        out -> {
          out.name("approval").beginObject().name("deferred_audit_dlq_size");
          out.nullable(waiting).endObject();
          out.member("policy", log.policy().digest());
        });
  }
}
