// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.directory.DataDirectory;
import dev.indelible.fleet.FleetWriter.Result;
import dev.indelible.note.FleetHistory.Shard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A fleet of SQLite ledgers in a directory. */
final class TestFleet {
  static final String ORIGIN = "fleet.example/logs";
  static final Duration FRESHNESS = Duration.ofHours(1);

  final Fleet fleet;

  TestFleet(Path directory) {
    this.fleet = Fleet.at(directory);
  }

  /** Creates a fleet with shards. */
  static TestFleet of(Path directory, String... shards) throws Exception {
    TestFleet made = new TestFleet(directory);
    FleetWriter.create(made.fleet, Optional.of(ORIGIN), FRESHNESS).close();
    for (String shard : shards) {
      made.open(shard);
    }
    return made;
  }

  void open(String shard) throws Exception {
    try (FleetWriter writer = FleetWriter.open(fleet)) {
      writer.openShard(shard, Optional.empty(), Optional.empty());
    }
  }

  void close(String shard) throws Exception {
    try (FleetWriter writer = FleetWriter.open(fleet)) {
      writer.closeShard(shard, "ops");
    }
  }

  /** Admits the checkpoints of all shards. */
  List<Result> admit() throws Exception {
    try (FleetWriter writer = FleetWriter.open(fleet)) {
      return writer.admit();
    }
  }

  /** Admits the checkpoints of all shards, and asserts that none is refused. */
  void admitAll() throws Exception {
    assertThat(admit()).allSatisfy(result -> assertThat(result.refusal()).isEmpty());
  }

  /** Records decisions in a shard. */
  void record(String shard, int decisions) throws Exception {
    record(data(shard), decisions);
  }

  static void record(DataDirectory data, int decisions) throws Exception {
    Indelible log = Indelible.builder(data.path()).withoutTallies().open();
    for (int i = 0; i < decisions; i++) {
      log.gate().check("agent:" + i % 7, new Bash("rm -rf /" + i));
    }
    assertThat(log.closeAndFlush(Duration.ofMinutes(1)).isComplete()).isTrue();
  }

  DataDirectory data(String shard) {
    return fleet.shard(shard);
  }

  Shard shard(String name) throws Exception {
    return fleet.states().stream()
        .map(Fleet.ShardState::shard)
        .filter(shard -> shard.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Returns the size of the last admitted checkpoint of a shard. */
  long admitted(String name) throws Exception {
    return shard(name).checkpoint().orElseThrow().size();
  }

  /** Changes a database as an attacker does. */
  static void sql(DataDirectory data, String sql) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.database());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Replaces a directory by another. */
  static void replace(Path directory, Path other) throws IOException {
    delete(directory);
    copy(other, directory);
  }
}
