// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.AuditLog;
import dev.indelible.crypto.KeyRing;
import dev.indelible.fleet.FleetWriter.Result;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that changes a fleet is killed at any moment, and the fleet is correct. */
@Tag("any-jdk")
@Timeout(600)
class FleetKilledTest {
  private static final int KILLS = Integer.getInteger("fleet.kills", 6);

  @TempDir Path directory;

  /** Opens shards, records in them, admits their checkpoints and closes them, without end. */
  public static void main(String[] args) throws Exception {
    TestFleet fleet = new TestFleet(Path.of(args[0]));
    while (true) {
      String shard = "s-" + UUID.randomUUID();
      fleet.open(shard);
      System.out.println("open");
      fleet.record(shard, 20);
      System.out.println("recorded");
      fleet.admitAll();
      System.out.println("admitted");
      fleet.close(shard);
      System.out.println("closed");
    }
  }

  @Test
  void killedFleetIsCorrect() throws Exception {
    long seed = Long.getLong("fleet.seed", new Random().nextLong());
    Random random = new Random(seed);
    TestFleet fleet = TestFleet.of(directory.resolve("fleet"), "first");
    int shards = 1;
    for (int kill = 0; kill < KILLS; kill++) {
      ChildJvm child = ChildJvm.running(FleetKilledTest.class).start(fleet.fleet.data().path());
      // A line arrives between two steps; the wait that follows ends somewhere within the next.
      int lines = 1 + random.nextInt(6);
      for (int i = 0; i < lines; i++) {
        assertThat(child.readLine()).as("seed %s", seed).isNotNull();
      }
      Thread.sleep(random.nextInt(120));
      child.kill();

      assertIntact(fleet, seed);
      List<Result> results = fleet.admit();
      assertThat(results).as("seed %s", seed).noneMatch(result -> result.refusal().isPresent());
      int now = fleet.fleet.states().size();
      assertThat(now).isGreaterThanOrEqualTo(shards);
      shards = now;
    }
    // What a kill left open can be finished.
    for (Fleet.ShardState state : fleet.fleet.states()) {
      Shard shard = state.shard();
      if (shard.isOpen()) {
        // A kill can come between the end of the shard's log and its closing in the log of logs.
        if (!new ShardLog(shard.name(), fleet.data(shard.name())).isEnded()) {
          TestFleet.record(fleet.data(shard.name()), 1);
        }
        fleet.close(shard.name());
      }
    }
    assertIntact(fleet, seed);
  }

  /** A shard whose opening was interrupted is not named yet; nothing else is in doubt. */
  private static void assertIntact(TestFleet fleet, long seed) throws Exception {
    FleetReport report =
        new FleetVerifier(new AuditLog(fleet.fleet.data().path()), fleet.fleet)
            .verify(VerificationOptions.of(KeyRing.of(List.of())));
    assertThat(report.shards())
        .as("seed %s", seed)
        .allSatisfy(shard -> assertThat(shard.report().verdict()).isEqualTo(Verdict.INTACT));
    assertThat(report.log().findings().stream().filter(Finding::isFault))
        .as("seed %s", seed)
        .allSatisfy(fault -> assertThat(fault.message()).contains("no shard.opened event names"));
  }
}
