// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The policy that a verb works on. */
final class PolicyOption {
  @Option(
      names = "--policy",
      paramLabel = "PATH",
      description =
          "a policy file, or a directory of them (default: the data directory's policy, or else the"
              + " starter policy)")
  @Nullable Path path;

  /** Returns the file or directory of the policy, as text. */
  String name(Verb verb) {
    return source(verb) == null ? "the starter policy" : String.valueOf(source(verb));
  }

  /** Loads the policy. */
  RulePolicy load(Verb verb) throws PolicyException {
    Path source = source(verb);
    return source == null ? RulePolicy.starter() : RulePolicy.load(source);
  }

  private @Nullable Path source(Verb verb) {
    if (path != null) {
      return path;
    }
    return Files.exists(verb.data().policy()) ? verb.data().policy() : null;
  }
}
