// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.policy.Policy;
import dev.indelible.policy.RulePolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Command;

/** Measures the gate with the starter rules, with and without recording. */
@Command(
    name = "gate",
    description = "Measure how fast actions are decided, with and without recording.",
    footer = {
      "",
      "One thread asks about six actions in turn, under the starter rules. The limit",
      "is to decide without recording. Recorded decisions are measured twice: until",
      "the last answer, and until every answer is a signed row on disk."
    })
final class BenchGateCommand extends BenchVerb {
  private static final List<AgentAction> ACTIONS =
      List.of(
          new Bash("ls -la src/main/java"),
          new Bash("rm -rf / --no-preserve-root"),
          new Bash("git commit -m 'Say why'"),
          new FilesystemWrite("/home/dev/project/notes.txt"),
          new FilesystemWrite("/home/dev/.ssh/authorized_keys"),
          new NetworkRequest("example.com", "https"));

  BenchGateCommand() {
    super(200_000);
  }

  @Override
  void measure(TemporaryDirectory directory) throws Exception {
    Policy policy = RulePolicy.starter();
    alone(policy, events / 4);
    recorded(policy, events / 4, directory.resolve("warm-up"));
    long alone = perSecond(events, alone(policy, events));
    Recorded recorded = recorded(policy, events, directory.resolve("recorded"));
    long answered = perSecond(events, recorded.answered());
    long settled = perSecond(events, recorded.settled());
    print(
        out ->
            out.member("decisions_per_second", alone)
                .member("events", events)
                .member("recorded_decisions_per_second", answered)
                .member("signed_rows_per_second", settled),
        "decisions per second",
        new Rate("Indelible: decided and recorded, until answered", answered),
        new Rate("Indelible: until signed rows are on disk", settled),
        new Rate("the limit: decided, nothing recorded", alone));
  }

  private static long alone(Policy policy, int count) throws CommandFailure {
    int[] blocked = {0};
    long nanos =
        ask(
            count,
            action -> blocked[0] += policy.decide("agent:bench", action).isBlocking() ? 1 : 0);
    if (blocked[0] == 0) {
      throw CommandFailure.failed("the starter rules refused nothing");
    }
    return nanos;
  }

  private static Recorded recorded(Policy policy, int count, Path data) throws Exception {
    Indelible indelible = Indelible.builder(data).policy(policy).index(false).open();
    long start = System.nanoTime();
    long answered = ask(count, action -> indelible.gate().check("agent:bench", action));
    requireComplete(indelible.closeAndFlush(PATIENCE));
    long settled = System.nanoTime() - start;
    // The policy is recorded as well, before the first decision.
    if (indelible.metrics().appended() != count + 1) {
      throw CommandFailure.failed("not every decision was recorded: %s", indelible.metrics());
    }
    return new Recorded(answered, settled);
  }

  private static long ask(int count, Consumer<AgentAction> question) {
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      question.accept(ACTIONS.get(i % ACTIONS.size()));
    }
    return System.nanoTime() - start;
  }

  /**
   * Nanoseconds of a run with recording.
   *
   * @param answered from the first question to the last answer
   * @param settled from the first question until every answer is in the chain
   */
  private record Recorded(long answered, long settled) {}
}
