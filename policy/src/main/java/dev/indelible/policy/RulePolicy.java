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
 * <p>The first blocking rule (refuse or escalate) in id order decides; without one, the first rule
 * that warns; without one, the action is allowed. A policy can only restrict. A rule that cannot be
 * evaluated refuses under its own id, except for one of severity {@code log}, which never changes
 * the decision.
 *
 * <p>The file, in YAML:
 *
 * <pre>{@code
 * version: 1
 * rules:
 *   - id: R001
 *     severity: refuse          # or escalate, warn, log
 *     reason: no recursive delete at the root
 *     match:                    # all conditions must hold
 *       kind: bash
 *       command_substring: "rm -rf /"
 *     enabled: true             # the default
 * }</pre>
 *
 * <p>Conditions under {@code match}, by {@code kind}; {@code kind} alone matches every action of
 * that kind. A list may replace a single text; then any of its texts may match (of {@code
 * args_contain}, all must). Everything but hosts is case-sensitive.
 *
 * <ul>
 *   <li>{@code bash}: {@code command_substring}, anywhere in the command as written. Coarse,
 *       because a shell has many spellings of one command.
 *   <li>{@code filesystem_write}: {@code path_glob}, matched against the absolute path with {@code
 *       //}, {@code .} and {@code ..} resolved; links are not followed. A relative path is resolved
 *       against the working directory of this process. The rule blocks if a relative path leaves
 *       that directory by {@code ..}, and if a path is empty or contains a null byte.
 *   <li>{@code network_request}: {@code host_glob}, ignoring case and the notation of an address
 *       ({@code 127.1} is {@code 127.0.0.1}); {@code *} crosses dots. The rule blocks if the host
 *       is neither a name nor an address.
 *   <li>{@code process_spawn}: {@code binary}, where a bare name matches that program in any
 *       directory, and a path only that file; {@code args_contain}, each within some argument;
 *       {@code disk_free_min_gib}, which matches while the disk of the working directory has less
 *       free space, and blocks if the space cannot be read.
 *   <li>{@code custom}: {@code custom_kind}; {@code namespace_glob} and {@code title_contains} on
 *       the payload's members {@code namespace} and {@code title}. An absent member does not match;
 *       the rule blocks if a member is not a string.
 *   <li>{@code tool_call}: {@code tool}, a glob.
 *   <li>{@code read}: {@code surface}; {@code namespace_glob}.
 * </ul>
 *
 * <p>In globs {@code *} matches within a directory, {@code **} across directories, {@code ?} one
 * character; a backslash quotes the next character.
 *
 * <p>A file is UTF-8, at most 1 MiB, one YAML document without anchors and aliases. The policy does
 * not load if anything in it is unknown, duplicate, of the wrong type, or could never match.
 *
 * <p>Immutable and thread-safe. The time of a decision depends only on the number of rules of its
 * kind and the length of the texts that they match.
 */
public final class RulePolicy implements Policy {
  private static final Logger LOG = LoggerFactory.getLogger(RulePolicy.class);
  private static final String STARTER = "starter-rules.yaml";
  private static final Decision ALLOW = new Allow();

  /** The part of a failure's message that a reason quotes, far below the limit of a reason. */
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
   * @throws PolicyException if any part of it, even a disabled rule, cannot be used
   */
  public static RulePolicy load(Path path) throws PolicyException {
    return of(PolicySource.at(path), DiskSpace.WORKING_DIRECTORY);
  }

  /**
   * Reads a policy from text, as {@link #load} reads it from a file.
   *
   * @param source the name of the text in errors
   * @throws PolicyException if any part of it, even a disabled rule, cannot be used
   */
  public static RulePolicy parse(String yaml, String source) throws PolicyException {
    return parse(yaml, source, DiskSpace.WORKING_DIRECTORY);
  }

  static RulePolicy parse(String yaml, String source, DiskSpace disk) throws PolicyException {
    return of(PolicySource.of(yaml, source), disk);
  }

  /** Returns the policy of {@link #starterYaml}. */
  public static RulePolicy starter() {
    try {
      return parse(starterYaml(), STARTER);
    } catch (PolicyException e) {
      throw new IllegalStateException("the starter rules do not load", e);
    }
  }

  /** Returns a commented policy file to start from. It stops common accidents; it is no sandbox. */
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
   * Returns the digest of the loaded files: {@code sha256:} and 64 hex digits over the bytes of the
   * file; for a directory, over each file's name and bytes, each preceded by its length.
   */
  @Override
  public String digest() {
    return digest;
  }

  /** Returns no limit: the rules and the action bound the time of a decision. */
  @Override
  public Optional<Duration> timeLimit() {
    return Optional.empty();
  }

  /** Returns the enabled rules in id order. */
  public List<Rule> rules() {
    return rules;
  }

  private static Decision decide(CompiledRule rule, Subject subject) {
    try {
      return rule.matches(subject) ? rule.onMatch() : ALLOW;
    } catch (Throwable e) { // An Error must not permit either.
      return new Refuse(rule.rule().id(), unevaluated(e));
    }
  }

  private static String unevaluated(Throwable e) {
    String failure = e.getMessage() == null ? e.toString() : e.getMessage();
    String reason =
        "the rule could not be evaluated and so refuses: "
            + failure.substring(0, Math.min(failure.length(), MAX_FAILURE_CHARS));
    // Encoding replaces a lone surrogate, which cannot be recorded.
    return new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private void logMatches(String kind, Subject subject) {
    for (CompiledRule compiled : logging.getOrDefault(kind, List.of())) {
      Rule rule = compiled.rule();
      try {
        if (compiled.matches(subject)) {
          // Without the action, which may contain secrets; the audit log has it.
          LOG.info("rule {} matched a {} action: {}", rule.id(), kind, rule.reason());
        }
      } catch (Throwable e) { // A log rule must not decide, not even by failing.
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
