// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.FreePort;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A primary and its streaming standby, real servers with {@code fsync} on. After a fail-over the
 * next standby gets the address of the dead primary.
 */
public final class TestServerPair implements AutoCloseable {
  /** The name of the standby, and of its replication slot. */
  public static final String STANDBY = "standby";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Directories of a data directory whose content a base backup leaves out. */
  private static final Set<String> EMPTY =
      Set.of("pg_wal", "pg_replslot", "pg_stat_tmp", "pg_dynshmem", "pg_notify", "pg_subtrans");

  private static final Set<String> LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts");

  private final boolean isSynchronous;
  private final boolean hasSlot;

  /** The ports of both servers. */
  private final int[] ports = new int[2];

  private TestServer primary;
  private @Nullable TestServer standby;

  private TestServerPair(boolean isSynchronous, boolean hasSlot) throws IOException {
    this.isSynchronous = isSynchronous;
    this.hasSlot = hasSlot;
    this.primary = TestServer.start();
    ports[0] = primary.port();
    ports[1] = FreePort.find();
  }

  /** Starts both servers, with a replication slot. */
  public static TestServerPair start(boolean isSynchronous) throws Exception {
    return start(isSynchronous, true);
  }

  static TestServerPair start(boolean isSynchronous, boolean hasSlot) throws Exception {
    TestServerPair pair = new TestServerPair(isSynchronous, hasSlot);
    try {
      pair.addStandby();
      return pair;
    } catch (Exception | Error e) {
      pair.close();
      throw e;
    }
  }

  public TestServer primary() {
    return primary;
  }

  public TestServer standby() {
    return standby;
  }

  /** Returns the URL of a ledger on whichever server is the primary. */
  public String url(String schema, String role) {
    return "postgresql://localhost:%d,localhost:%d/postgres?user=%s&currentSchema=%s&targetServerType=primary"
        .formatted(ports[0], ports[1], role, schema);
  }

  /** Builds a standby from a base backup of the primary, and starts it. */
  public void addStandby() throws Exception {
    int port = primary.port() == ports[0] ? ports[1] : ports[0];
    if (hasSlot) {
      primary.run(
          "SELECT pg_create_physical_replication_slot('%s', true) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '%s')"
              .formatted(STANDBY, STANDBY));
    } else {
      primary.run("ALTER SYSTEM SET wal_keep_size = '1GB'");
      primary.run("SELECT pg_reload_conf()");
    }
    Path data = Files.createTempDirectory("indelible-standby");
    try (Connection connection = primary.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_backup_start('base', true)");
      copy(primary.data(), data);
      try (ResultSet backup = statement.executeQuery("SELECT labelfile FROM pg_backup_stop()")) {
        assertThat(backup.next()).isTrue();
        Files.writeString(data.resolve("backup_label"), backup.getString(1));
      }
    }
    Files.createFile(data.resolve("standby.signal"));
    TestServer added = primary.onCopy(data, port);
    set(added, connection(primary.port()));
    set(added, "primary_slot_name = '%s'".formatted(hasSlot ? STANDBY : ""));
    if (isSynchronous) {
      // After its promotion it commits nothing until it has a standby, too.
      set(added, "synchronous_standby_names = '" + STANDBY + "'");
    }
    standby = added;
    added.restart();
    awaitStreaming();
    if (isSynchronous) {
      primary.run("ALTER SYSTEM SET synchronous_standby_names = '" + STANDBY + "'");
      primary.run("SELECT pg_reload_conf()");
      Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () ->
                  primary
                      .texts("SELECT sync_state FROM pg_stat_replication")
                      .equals(List.of("sync")));
    }
  }

  private static String connection(int port) {
    return "primary_conninfo = 'host=localhost port=%d user=postgres application_name=%s'"
        .formatted(port, STANDBY);
  }

  private static void set(TestServer server, String setting) throws IOException {
    Files.writeString(
        server.data().resolve("postgresql.auto.conf"), setting + "\n", StandardOpenOption.APPEND);
  }

  private void awaitStreaming() {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                primary
                    .texts("SELECT state FROM pg_stat_replication")
                    .equals(List.of("streaming")));
  }

  /** Disconnects the standby: from now on it receives nothing. */
  public void holdReplication() throws Exception {
    set(standby, connection(1));
    standby.run("SELECT pg_reload_conf()");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> primary.texts("SELECT pid FROM pg_stat_replication").isEmpty());
  }

  /** Connects the standby again. */
  public void resumeReplication() throws Exception {
    set(standby, connection(primary.port()));
    standby.run("SELECT pg_reload_conf()");
    awaitStreaming();
  }

  /** Kills the primary with SIGKILL, and promotes the standby. */
  public void failOver() throws Exception {
    remove(primary);
    assertThat(standby.text("SELECT pg_promote()")).isEqualTo("t");
    primary = standby;
    standby = null;
  }

  /** Kills a server, and removes its data. */
  private static void remove(TestServer server) throws Exception {
    server.kill();
    try (Stream<Path> files = Files.walk(server.data())) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes any)
              throws IOException {
            if (!directory.equals(from)) {
              Path made = to.resolve(from.relativize(directory).toString());
              Files.copy(directory, made, StandardCopyOption.COPY_ATTRIBUTES);
              return EMPTY.contains(from.relativize(directory).toString())
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes any) throws IOException {
            if (!LEFT_OUT.contains(file.getFileName().toString())) {
              try {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
              } catch (NoSuchFileException e) {
                // The server removed it meanwhile, and its write-ahead log says so.
              }
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
  }

  @Override
  public void close() {
    try {
      if (standby != null) {
        remove(standby);
      }
      remove(primary);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
