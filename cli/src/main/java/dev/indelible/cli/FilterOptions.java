// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.encoding.TimeTexts;
import dev.indelible.ledger.EventQuery.Filter;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that select rows of the chain. A row must match all given options. */
final class FilterOptions {
  private static final String SINCE = "--since";
  private static final String UNTIL = "--until";

  @Option(
      names = SINCE,
      paramLabel = "TIME",
      description = "rows of this time or later: RFC 3339, or a duration before now (2h, 7d)")
  @Nullable String since;

  @Option(names = UNTIL, paramLabel = "TIME", description = "rows before this time")
  @Nullable String until;

  @Option(names = "--agent", paramLabel = "ID", description = "only rows of this agent")
  @Nullable String agent;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "only rows of this type, for example policy.loaded")
  @Nullable String type;

  @Option(
      names = "--verdict",
      paramLabel = "VERDICT",
      description = "only these decisions: allow, warn, refuse or escalate")
  @Nullable String verdict;

  @Option(names = "--rule", paramLabel = "ID", description = "only decisions of this rule")
  @Nullable String rule;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "only decisions about this kind of action, for example bash")
  @Nullable String kind;

  @Option(names = "--session", paramLabel = "ID", description = "only decisions in this session")
  @Nullable String session;

  @Option(
      names = "--grep",
      paramLabel = "TEXT",
      description = "only rows whose payload has this text in a value")
  @Nullable String text;

  /** Returns true if the filter needs the index; the ledger itself finds rows by agent or type. */
  boolean needIndex() {
    return since != null
        || until != null
        || verdict != null
        || rule != null
        || kind != null
        || session != null
        || text != null;
  }

  /** Returns the filter. */
  Filter filter() throws CommandFailure {
    try {
      return new Filter(
          time(SINCE, since),
          time(UNTIL, until),
          Optional.ofNullable(agent),
          Optional.ofNullable(type),
          Optional.ofNullable(verdict),
          Optional.ofNullable(rule),
          Optional.ofNullable(kind),
          Optional.ofNullable(session),
          Optional.ofNullable(text));
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<Instant> time(String option, @Nullable String text)
      throws CommandFailure {
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(TimeTexts.instant(text, Instant.now()));
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("%s %s", option, e.getMessage());
    }
  }
}
