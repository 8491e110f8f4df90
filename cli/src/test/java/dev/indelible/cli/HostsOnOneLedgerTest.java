// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.OpenException;
import dev.indelible.action.Bash;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.health.HealthEntry;
import dev.indelible.postgres.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hosts, each with its own data directory, that record into one ledger with one signing key. */
@Tag("any-jdk")
@Timeout(300)
class HostsOnOneLedgerTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path temp;
  private TestServer server;
  private String schema;
  private Cli first;
  private Cli second;

  @BeforeEach
  void create() throws Exception {
    server = TestServer.shared();
    schema = server.createLedger();
    first = new Cli(temp.resolve("first"));
    second = new Cli(temp.resolve("second"));
  }

  private Indelible open(Cli host) throws Exception {
    String url = server.url(schema, TestServer.WRITER);
    return Indelible.builder(host.data()).ledger(() -> url).open();
  }

  private static void decide(Indelible log) {
    assertThat(log.gate().check("agent:a", new Bash("ls")).isPermitted()).isTrue();
  }

  private static void record(Indelible log) {
    decide(log);
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
  }

  private static void requireFailed(Indelible log, String... reasons) {
    await().atMost(LIMIT).until(() -> log.metrics().health().state() == State.FAILED);
    assertThat(log.metrics().health().reason())
        .contains(reasons)
        .contains("copy the directory keys/");
    assertThat(log.queue().isOpen()).isTrue();
    assertThat(log.metrics().pending()).isPositive();
  }

  private void requireNoTamperRow() throws Exception {
    assertThat(
            server.texts(
                "SELECT sequence FROM %s.signed_events WHERE event_type = 'audit.tamper'"
                    .formatted(schema)))
        .isEmpty();
  }

  private static void copyKeys(Cli from, Cli to) throws Exception {
    Path keys = to.data().resolve("keys");
    if (!Files.exists(keys)) {
      Files.createDirectories(
          keys, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    try (Stream<Path> files = Files.list(from.data().resolve("keys"))) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            keys.resolve(file.getFileName()),
            StandardCopyOption.COPY_ATTRIBUTES,
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private void shareKeys() throws Exception {
    try (Indelible log = open(first)) {
      record(log);
    }
    copyKeys(first, second);
    try (Stream<Path> rules = Files.walk(first.data().resolve("policy"))) {
      for (Path file : rules.toList()) {
        Files.copy(
            file,
            second.data().resolve(first.data().relativize(file)),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  /** Two hosts open an empty ledger, each with a new key: the first to append begins the log. */
  @Test
  void hostWithAForeignKeyAppendsNothing() throws Exception {
    Indelible log = open(first);
    Indelible other = open(second);
    record(log);
    decide(other);
    requireFailed(other, "is not a key of this log");
    other.closeAndFlush(Duration.ofMillis(1));
    record(log);
    log.close();
    requireNoTamperRow();
    assertThat(first.run("log", "verify").exit()).isZero();
    assertThatThrownBy(() -> open(second))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("is not a key of this log")
        .hasMessageContaining("copy the directory keys/");

    copyKeys(first, second);
    open(second).close();
    assertThat(second.run("log", "verify").exit()).isZero();
    assertThat(second.run("log", "list", "--type", "policy.loaded").ok().out().lines()).hasSize(3);
  }

  @Test
  void hostWhoseKeyWasRotatedAwayAppendsNothing() throws Exception {
    shareKeys();
    Indelible log = open(first);
    record(log);
    open(second).close();
    second.run("keys", "rotate").ok();
    second.run("check", "bash", "ls").ok();

    decide(log);
    requireFailed(log, "was rotated to");
    assertThatThrownBy(() -> open(first))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("was rotated to")
        .hasMessageContaining("copy the directory keys/");
    second.run("check", "bash", "ls").ok();
    requireNoTamperRow();

    copyKeys(second, first);
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    log.close();
    first.run("check", "bash", "ls").ok();
    second.run("check", "bash", "ls").ok();
    requireNoTamperRow();
    assertThat(first.run("log", "verify").exit()).isZero();
    assertThat(second.run("log", "verify").exit()).isZero();
  }

  @Test
  void checkpointsNeedTheMlDsa44KeyOfTheOtherHost() throws Exception {
    shareKeys();
    open(second).close();
    second.run("keys", "add-ml-dsa-44").ok();
    Indelible log = open(first);
    record(log);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                log.health().entries().stream()
                    .anyMatch(
                        entry ->
                            entry.source().equals(HealthEntry.CHECKPOINTS)
                                && entry.reason().contains("copy the directory keys/")));

    copyKeys(second, first);
    await().atMost(LIMIT).until(() -> log.metrics().health().state() == State.RECORDING);
    log.close();
    requireNoTamperRow();
    assertThat(first.run("log", "verify").exit()).isZero();
  }
}
