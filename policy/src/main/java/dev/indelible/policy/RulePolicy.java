// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policy of rules in YAML files.
 *
 * <p>The first blocking rule (refuse or escalate) in id order decides; failing that, the first rule
 * that warns; failing that, the action is allowed. A policy can only restrict. What it cannot judge
 * it blocks: a rule that cannot be evaluated, whatever its severity but {@code log}, refuses in its
 * own name. A rule of severity {@code log} never changes the decision.
 *
 * <p>The file, in YAML:
 *
 * <pre>{@code
 * version: 1
 * rules:
 *   - id: R001
 *     severity: refuse          # or escalate, warn, log
 *     reason: no recursive delete at the root
 *     match:                    # all that is said here must hold
 *       kind: bash
 *       command_substring: "rm -rf /"
 *     enabled: true             # may be left out
 * }</pre>
 *
 * <p>What {@code match} can say beside {@code kind}; said alone, {@code kind} matches every action
 * of that kind. Where one text stands a list may too, of which any one must match; of {@code
 * args_contain} all must. Everything but hosts is case-sensitive.
 *
 * <ul>
 *   <li>{@code bash}: {@code command_substring}, anywhere in the command as written. A coarse net:
 *       a shell has many spellings for one thing.
 *   <li>{@code filesystem_write}: {@code path_glob}. The path is matched absolute and with {@code
 *       //}, {@code .} and {@code ..} worked out; links are not followed. A relative path is taken
 *       from the directory of this process, so send absolute ones from elsewhere; if it climbs out
 *       of that with {@code ..}, or a path is empty or holds a null byte, the rule blocks.
 *   <li>{@code network_request}: {@code host_glob}, whatever the case and the spelling of an
 *       address ({@code 127.1} is {@code 127.0.0.1}); {@code *} crosses dots. What is no host
 *       blocks.
 *   <li>{@code process_spawn}: {@code binary}, a bare name for that program wherever it lies, or a
 *       path for that file; {@code args_contain}, each within some argument; {@code
 *       disk_free_min_gib}, which matches while the disk of this process's directory has less free
 *       than that, and blocks if that cannot be read.
 *   <li>{@code custom}: {@code custom_kind}; {@code namespace_glob} and {@code title_contains} on
 *       the payload's members {@code namespace} and {@code title}. An absent member does not match;
 *       one that is no string blocks.
 *   <li>{@code tool_call}: {@code tool}, a glob.
 *   <li>{@code read}: {@code surface}; {@code namespace_glob}.
 * </ul>
 *
 * <p>In globs {@code *} matches within a directory, {@code **} across them, {@code ?} one
 * character, and a backslash takes the next character as it is.
 *
 * <p>A file is UTF-8, at most 1 MiB, one YAML document without anchors and aliases. Whatever in it
 * is unknown, doubled, of the wrong type or could never match keeps the whole policy from loading.
 *
 * <p>Immutable; any number of threads may decide at once. The time a decision takes grows with the
 * rules of its kind and the length of what they look at, and with nothing else.
 */
public final class RulePolicy implements Policy {
  private static final Logger LOG = LoggerFactory.getLogger(RulePolicy.class);
  private static final String STARTER = "starter-rules.yaml";
  private static final Decision ALLOW = new Allow();

  /** What a failure may add to a reason: far below the reason's own limit. */
  private static final int MAX_FAILURE_CHARS = 500;

  private final List<Rule> rules;
  private final Map<String, List<CompiledRule>> deciding;
  private final Map<String, List<CompiledRule>> logging;
  private final String digest;
  private final DiskSpace disk;

  private RulePolicy(List<CompiledRule> compiled, String digest, DiskSpace disk) {
    List<CompiledRule> inOrder =
        compiled.stream().sorted(Comparator.comparing(c -> c.rule().id())).toList();
    this.rules = inOrder.stream().map(CompiledRule::rule).toList();
    this.deciding = byKind(inOrder, severity -> severity != Severity.LOG);
    this.logging = byKind(inOrder, severity -> severity == Severity.LOG);
    this.digest = digest;
    this.disk = disk;
  }

  /**
   * Reads a policy from a YAML file, or from all files named {@code *.yaml} or {@code *.yml} in a
   * directory, in the order of their names.
   *
   * @throws PolicyException if anything in it, a disabled rule too, cannot be used as it stands
   */
  public static RulePolicy load(Path path) throws PolicyException {
    return of(PolicySource.at(path), DiskSpace.WORKING_DIRECTORY);
  }

  /**
   * Reads a policy from text, as {@link #load} reads a file with that text in UTF-8.
   *
   * @param source names the text in errors
   * @throws PolicyException if anything in it, a disabled rule too, cannot be used as it stands
   */
  public static RulePolicy parse(String yaml, String source) throws PolicyException {
    return parse(yaml, source, DiskSpace.WORKING_DIRECTORY);
  }

  static RulePolicy parse(String yaml, String source, DiskSpace disk) throws PolicyException {
    return of(PolicySource.of(yaml, source), disk);
  }

  /** The rules to start from: {@link #starterYaml}, read. */
  public static RulePolicy starter() {
    try {
      return parse(starterYaml(), STARTER);
    } catch (PolicyException e) {
      throw new IllegalStateException("the starter rules do not load", e);
    }
  }

  /** A policy file to start from, with comments: a net for common accidents, not a sandbox. */
  public static String starterYaml() {
    try (InputStream in = RulePolicy.class.getResourceAsStream(STARTER)) {
      return new String(Objects.requireNonNull(in, STARTER).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RulePolicy of(PolicySource source, DiskSpace disk) throws PolicyException {
    RuleReader reader = new RuleReader();
    for (PolicySource.File file : source.files()) {
      reader.read(file.text(), file.name());
    }
    return new RulePolicy(reader.rules(), source.digest(), disk);
  }

  /**
   * Decides about an action, whoever the agent is. Never throws: a rule that cannot be evaluated
   * refuses.
   */
  @Override
  public Decision decide(String agentId, AgentAction action) {
    Subject subject = new Subject(action, disk);
    logMatches(action.kind(), subject);
    Decision permitted = ALLOW;
    for (CompiledRule rule : deciding.getOrDefault(action.kind(), List.of())) {
      if (permitted instanceof Warn && rule.rule().severity() == Severity.WARN) {
        continue;
      }
      Decision decision = decide(rule, subject);
      if (decision.isBlocking()) {
        return decision;
      }
      if (decision instanceof Warn) {
        permitted = decision;
      }
    }
    return permitted;
  }

  /**
   * Identifies what was loaded: {@code sha256:} and 64 hex digits over its exact bytes; for a
   * directory, over each file's name and bytes, each behind its length.
   */
  @Override
  public String digest() {
    return digest;
  }

  /** Returns no limit: the time of a decision is bounded by the rules and the action. */
  @Override
  public Optional<Duration> timeLimit() {
    return Optional.empty();
  }

  /** Returns the enabled rules in the order of their ids. */
  public List<Rule> rules() {
    return rules;
  }

  private static Decision decide(CompiledRule rule, Subject subject) {
    try {
      return rule.matches(subject) ? rule.onMatch() : ALLOW;
    } catch (Throwable e) { // An error is no permission either.
      return new Refuse(rule.rule().id(), unevaluated(e));
    }
  }

  private static String unevaluated(Throwable e) {
    String failure = e.getMessage() == null ? e.toString() : e.getMessage();
    String reason =
        "the rule could not be evaluated and so refuses: "
            + failure.substring(0, Math.min(failure.length(), MAX_FAILURE_CHARS));
    // Encoding replaces half a surrogate pair, which no record could hold.
    return new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private void logMatches(String kind, Subject subject) {
    for (CompiledRule compiled : logging.getOrDefault(kind, List.of())) {
      Rule rule = compiled.rule();
      try {
        if (compiled.matches(subject)) {
          // Not the action itself: it may hold secrets, and the audit log has it.
          LOG.info("rule {} matched a {} action: {}", rule.id(), kind, rule.reason());
        }
      } catch (Throwable e) { // What only watches must not decide, not by failing either.
        LOG.warn("rule {} could not be evaluated: {}", rule.id(), e.toString());
      }
    }
  }

  private static Map<String, List<CompiledRule>> byKind(
      List<CompiledRule> rules, Predicate<Severity> severity) {
    return rules.stream()
        .filter(compiled -> severity.test(compiled.rule().severity()))
        .collect(Collectors.groupingBy(CompiledRule::kind, Collectors.toUnmodifiableList()));
  }
}
