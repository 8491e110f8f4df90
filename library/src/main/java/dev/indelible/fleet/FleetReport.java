// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Result of the verification of a fleet.
 *
 * @param origin the name of the log of logs; its directory if no valid event names it
 * @param log the report on the log of logs
 * @param shards the reports on the shards, in the order in which they were opened
 */
public record FleetReport(String origin, VerificationReport log, List<ShardReport> shards) {
  public FleetReport {
    shards = List.copyOf(shards);
  }

  /**
   * Report on one shard.
   *
   * @param name the name of the shard
   * @param isOpen false if it is closed
   * @param admitted the size of its last admitted checkpoint
   * @param age the time since a checkpoint of it was last admitted
   * @param report the findings on its log, and on it as a part of the fleet
   */
  public record ShardReport(
      String name, boolean isOpen, long admitted, Duration age, VerificationReport report) {
    private void write(CanonicalWriter out) {
      out.member("admitted", admitted).member("age_seconds", age.toSeconds());
      out.member("name", name).name("report").beginObject();
      report.write(out);
      out.endObject().member("state", isOpen ? "open" : "closed");
    }
  }

  /**
   * Returns broken if any log is broken, else unknown if the verdict on any log is unknown, else
   * intact.
   */
  public Verdict verdict() {
    List<Verdict> verdicts =
        Stream.concat(Stream.of(log), shards.stream().map(ShardReport::report))
            .map(VerificationReport::verdict)
            .toList();
    return verdicts.contains(Verdict.BROKEN)
        ? Verdict.BROKEN
        : verdicts.contains(Verdict.UNKNOWN) ? Verdict.UNKNOWN : Verdict.INTACT;
  }

  /** Returns the number of rows checked, in all logs. */
  public long rows() {
    return log.rows() + shards.stream().mapToLong(shard -> shard.report().rows()).sum();
  }

  /** Writes the members of this report. */
  public void write(CanonicalWriter out) {
    out.name("log").beginObject();
    log.write(out);
    out.endObject()
        .member("origin", origin)
        .member("rows", rows())
        .name("shards")
        .objects(shards, shard -> shard.write(out))
        .member("verdict", verdict().label());
  }
}
