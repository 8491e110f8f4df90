// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.queue.DrainReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A process with several writers: waits for a line, writes, and prints the result. */
final class WriterProcess {
  private WriterProcess() {}

  public static void main(String[] args) throws Exception {
    TestLog log = new TestLog(Path.of(args[0]));
    String name = args[1];
    int writers = Integer.parseInt(args[2]);
    int events = Integer.parseInt(args[3]);
    List<DeferredAudit> audits = new ArrayList<>();
    IntStream.range(0, writers).forEach(w -> audits.add(log.start()));
    System.out.println("ready");
    System.in.read();
    for (int n = 0; n < events; n++) {
      for (int w = 0; w < writers; w++) {
        audits.get(w).queue().submit(TestLog.refusal(name + ":" + w, "n" + n));
      }
    }
    long appended = 0;
    long dead = 0;
    long rejected = 0;
    boolean balanced = true;
    for (DeferredAudit audit : audits) {
      DrainReport report = audit.closeAndFlush(TestLog.PATIENCE);
      appended += report.appended();
      dead += report.dead();
      rejected += report.rejected();
      balanced &=
          report.submitted()
              == report.appended() + report.dead() + report.rejected() + report.pending();
    }
    System.out.printf(
        "appended %d dead %d rejected %d balanced %s%n", appended, dead, rejected, balanced);
  }
}
