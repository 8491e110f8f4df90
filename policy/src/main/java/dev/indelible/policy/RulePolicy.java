// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.canonical.LinkResolver;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Refuse;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.fact.Fact;
import dev.indelible.fact.FactReader;
import dev.indelible.fact.Facts;
import dev.indelible.fact.Guard;
import dev.indelible.fact.Reading;
import dev.indelible.fact.Verb;
import dev.indelible.json.CanonicalWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policy of rules in YAML files; {@code docs/policy.md} describes the language.
 *
 * <p>An action is read once into facts: what it deletes, writes, reads, contacts and runs, whatever
 * its spelling. Rules match facts, or the text of an action ({@code match}, the older, coarser
 * form). Of the rules that match, the most severe decides: refuse, then escalate, warn and log; of
 * equally severe ones, the first in the order of the files. Without a match the action is allowed,
 * unless the policy states {@code default: refuse}.
 *
 * <p>A rule that cannot be evaluated refuses under its own id, unless its severity is {@code log}
 * or it is in shadow mode. An action that cannot be read escalates, and an action on the gate's own
 * files is refused, unless a rule about all such actions decides instead.
 *
 * <p>A file is UTF-8, at most 1 MiB, one YAML document without anchors and aliases. The policy does
 * not load if anything in it is unknown, duplicate, of the wrong type, or could never match.
 *
 * <p>Immutable and thread-safe. The time of a decision depends on the length of the action and on
 * the rules that its facts can match. The class is long because loading, deciding and explaining
 * share the compiled rules.
 */
public final class RulePolicy implements Policy {
  private static final Logger LOG = LoggerFactory.getLogger(RulePolicy.class);
  private static final String STARTER = "starter-rules.yaml";

  /** The name of the file beside the rules with the operator's signature over them. */
  public static final String SIGNATURE_FILE = "policy.sig";

  /** Maximum number of ids that a record of changed modes lists in each direction. */
  private static final int MAX_MODE_IDS = 1_000;

  /**
   * Shared by all policies of the process, because a file system that hangs does so for all of
   * them.
   */
  private static final LinkResolver LINKS = new LinkResolver(LinkResolver.DEFAULT_LIMIT);

  /** The rule named by a decision about an action that cannot be read. */
  public static final String OPAQUE = "indelible.opaque";

  /** The rule named by a refusal of an action against the gate's own files or processes. */
  public static final String GUARD = "indelible.guard";

  /** The rule named by the refusal of an action that no rule allows. */
  public static final String DEFAULT = "indelible.default";

  /**
   * Maximum number of characters of a failure's message in a reason; far below the limit of a
   * reason.
   */
  private static final int MAX_FAILURE_CHARS = 500;

  /** Maximum number of characters of a fact in the reason of the gate's own rules. */
  private static final int MAX_FACT_CHARS = 1_000;

  private final List<Rule> rules;
  private final RuleIndex index;
  private final boolean refusesByDefault;
  private final Mode mode;
  private final PolicyText text;
  private final Optional<String> signature;
  private final String digest;
  private final DiskSpace disk;
  private final Guard guard;
  private final boolean followsLinks;
  private final FactReader reader;

  private RulePolicy(RuleReader read, PolicyText text, Optional<String> signature, DiskSpace disk)
      throws PolicyException {
    List<CompiledRule> inOrder = read.rules();
    this.rules = inOrder.stream().map(CompiledRule::rule).toList();
    this.index = new RuleIndex(inOrder);
    this.refusesByDefault = read.refusesByDefault();
    this.mode = read.mode();
    this.text = text;
    this.signature = signature;
    this.digest = text.digest();
    this.disk = disk;
    this.guard = Guard.anywhere();
    this.followsLinks = false;
    this.reader = new FactReader(guard);
  }

  private RulePolicy(RulePolicy other, Guard guard, boolean followsLinks) {
    this.rules = other.rules;
    this.index = other.index;
    this.refusesByDefault = other.refusesByDefault;
    this.mode = other.mode;
    this.text = other.text;
    this.signature = other.signature;
    this.digest = other.digest;
    this.disk = other.disk;
    this.guard = guard;
    this.followsLinks = followsLinks;
    this.reader = followsLinks ? new FactReader(guard, LINKS) : new FactReader(guard);
  }

  /** Returns this policy for a gate with a data directory, which it protects as the gate's own. */
  public RulePolicy guarding(Path dataDirectory) {
    return new RulePolicy(this, Guard.of(dataDirectory), followsLinks);
  }

  /**
   * Returns this policy for a process that sees the agent's files: a path is compared as the action
   * names it and with its symbolic links followed, and an action that does not name its working
   * directory or home has those of this process. A decision waits for the file system up to {@link
   * LinkResolver#DEFAULT_LIMIT}; a path not resolved by then matches every rule about paths.
   */
  public RulePolicy followingLinks() {
    return new RulePolicy(this, guard, true);
  }

  /**
   * Reads a policy from a YAML file, or from all files named {@code *.yaml} or {@code *.yml} in a
   * directory, in the order of their names. The file {@link #SIGNATURE_FILE} beside them becomes
   * the policy's {@link #signature}.
   *
   * @throws PolicyException if any part of it, even a disabled rule, cannot be used
   */
  public static RulePolicy load(Path path) throws PolicyException {
    return of(PolicySource.at(path), PolicySource.signature(path), DiskSpace.WORKING_DIRECTORY);
  }

  /**
   * Reads a policy from the text that a log has on record.
   *
   * @throws PolicyException if this release cannot use it
   */
  public static RulePolicy of(PolicyText text) throws PolicyException {
    return of(
        PolicySource.recorded(text),
        text.signature().map(PolicyText.Signature::note),
        DiskSpace.WORKING_DIRECTORY);
  }

  /** Returns true if {@link #load} of the directory reads this entry. */
  public static boolean isPart(Path entry) {
    return PolicySource.isYaml(entry) || entry.endsWith(SIGNATURE_FILE);
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
    return of(PolicySource.of(yaml, source), Optional.empty(), disk);
  }

  /** Returns the policy of {@link #starterYaml}. */
  public static RulePolicy starter() {
    try {
      return parse(starterYaml(), STARTER);
    } catch (PolicyException e) {
      throw new IllegalStateException("the starter rules do not load", e);
    }
  }

  /**
   * Returns a commented policy file to start from. It stops common accidents; it is not a sandbox.
   */
  public static String starterYaml() {
    return resource(STARTER);
  }

  /** Returns the JSON Schema (2020-12) of a policy file. */
  public static String schema() {
    return resource("policy.schema.json");
  }

  private static String resource(String name) {
    try (InputStream in = RulePolicy.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RulePolicy of(PolicySource source, Optional<String> signature, DiskSpace disk)
      throws PolicyException {
    RuleReader reader = new RuleReader();
    for (int i = 0; i < source.names().size(); i++) {
      reader.read(source.yaml(i), source.names().get(i));
    }
    return new RulePolicy(reader, source.text().withApprovers(reader.approvers()), signature, disk);
  }

  /** Decides about an action of an agent. Never throws: a rule that cannot be evaluated refuses. */
  @Override
  public Decision decide(String agentId, AgentAction action) {
    return explain(agentId, action).decision();
  }

  /** Decides as {@link #decide} does, and returns all rules that matched and why. */
  @Override
  public ExplainedDecision explain(String agentId, AgentAction action) {
    return explain(Agent.claimed(agentId), action);
  }

  /** Decides as {@link #decide} does; a rule that excepts the agent's credential has no effect. */
  @Override
  public ExplainedDecision explain(Agent agent, AgentAction action) {
    return explain(agent, action, reader.read(action));
  }

  /**
   * A decision, and everything that the gate read in the action.
   *
   * @param decision the decision
   * @param facts what the action does, including facts that no rule matches
   */
  public record Examined(ExplainedDecision decision, List<String> facts) {}

  /** Decides as {@link #explain} does, and returns all facts of the action. */
  public Examined examine(String agentId, AgentAction action) {
    Reading reading = reader.read(action);
    return new Examined(
        explain(Agent.claimed(agentId), action, reading),
        reading.facts().all().stream().map(Fact::describe).distinct().toList());
  }

  private ExplainedDecision explain(Agent agent, AgentAction action, Reading reading) {
    Subject subject = new Subject(action, reading, disk);
    Outcome outcome = new Outcome();
    for (CompiledRule rule : index.candidates(subject)) {
      boolean isNeeded = !outcome.isSettled() || rule.rule().severity() == Severity.LOG;
      if (isNeeded && rule.concerns(agent) && !hasExpired(rule.rule())) {
        evaluate(rule, subject, outcome);
      }
    }
    judgeOwnRules(reading.facts(), outcome);
    if (refusesByDefault && mode == Mode.SHADOW && outcome.isWithoutMatch()) {
      outcome.addShadow(DEFAULT, List.of());
    } else if (refusesByDefault && mode == Mode.ENFORCE && outcome.isUndecided()) {
      outcome.decide(
          Severity.REFUSE,
          new Refuse(DEFAULT, "no rule allows this action, and the policy refuses by default"),
          List.of());
    }
    return outcome.explained();
  }

  /**
   * Decides about actions on the gate itself and about unreadable actions, if no rule of the policy
   * does.
   */
  private void judgeOwnRules(Facts facts, Outcome outcome) {
    List<Fact> guard = facts.of(Verb.CHANGES_GUARD);
    if (!guard.isEmpty() && !index.isAbout(Verb.CHANGES_GUARD)) {
      String reason = "an agent does not change what decides about it: " + shown(guard.get(0));
      judge(Severity.REFUSE, new Refuse(GUARD, reason), guard.get(0), outcome);
    }
    List<Fact> opaque = facts.of(Verb.OPAQUE);
    if (!opaque.isEmpty() && !index.isAbout(Verb.OPAQUE)) {
      String reason = "a person decides about what cannot be read: " + shown(opaque.get(0));
      judge(Severity.ESCALATE, new Escalate(OPAQUE, reason), opaque.get(0), outcome);
    }
  }

  private static String shown(Fact fact) {
    String text = fact.describe();
    return text.length() <= MAX_FACT_CHARS ? text : text.substring(0, MAX_FACT_CHARS) + "…";
  }

  private static void judge(Severity severity, Decision decision, Fact fact, Outcome outcome) {
    if (outcome.isDecidedBy(severity)) {
      outcome.decide(severity, decision, List.of(fact));
    } else {
      outcome.add(decision.ruleId().orElseThrow(), List.of(fact));
    }
  }

  /**
   * Returns the digest of the loaded files: {@code sha256:} and 64 hex digits over the bytes of the
   * file; for a directory, over each file's name and bytes, each preceded by its length.
   */
  @Override
  public String digest() {
    return digest;
  }

  /** Returns the text of the loaded files. */
  @Override
  public Optional<PolicyText> text() {
    return Optional.of(text);
  }

  /** Returns the content of {@link #SIGNATURE_FILE} when the files were loaded. */
  @Override
  public Optional<String> signature() {
    return signature;
  }

  /**
   * Returns the event that states which rules this policy moves into or out of shadow mode. A rule
   * that only one of the two policies has is not listed.
   *
   * @param before the policy before this one
   * @return empty if no rule is moved
   */
  public Optional<SystemEvent> modeChange(RulePolicy before) {
    Set<String> shadowBefore = before.idsIn(Mode.SHADOW);
    Set<String> enforcedBefore = before.idsIn(Mode.ENFORCE);
    List<String> toEnforce = moved(idsIn(Mode.ENFORCE), shadowBefore);
    List<String> toShadow = moved(idsIn(Mode.SHADOW), enforcedBefore);
    if (toEnforce.isEmpty() && toShadow.isEmpty()) {
      return Optional.empty();
    }
    CanonicalWriter details = new CanonicalWriter().beginObject().member("digest", digest);
    details.name("to_enforce").strings(toEnforce).name("to_shadow").strings(toShadow);
    return Optional.of(SystemEvent.of(SystemEvent.POLICY_MODE, details.endObject()));
  }

  private Set<String> idsIn(Mode of) {
    Set<String> ids = new LinkedHashSet<>();
    for (Rule rule : rules) {
      if (rule.settings().mode() == of) {
        ids.add(rule.id());
      }
    }
    return ids;
  }

  private static List<String> moved(Set<String> now, Set<String> before) {
    return now.stream().filter(before::contains).limit(MAX_MODE_IDS).toList();
  }

  /** Returns no limit: the rules, the action and the limit on links bound a decision's time. */
  @Override
  public Optional<Duration> timeLimit() {
    return Optional.empty();
  }

  /** Returns the keys of the people who may approve what the rules escalate, as vkeys. */
  public List<String> approvers() {
    return text.approvers();
  }

  /** Returns the enabled rules in the order of the files. */
  public List<Rule> rules() {
    return rules;
  }

  /**
   * Returns a remark on each rule that has no effect at a time, or not the effect that it seems to
   * have, and on each secret in the text, which is recorded.
   */
  public List<String> remarks(Instant now) {
    return PolicyLint.remarks(rules, text, mode, now);
  }

  private static boolean hasExpired(Rule rule) {
    return rule.settings().expires().isPresent()
        && !Instant.now().isBefore(rule.settings().expires().get());
  }

  private static void evaluate(CompiledRule compiled, Subject subject, Outcome outcome) {
    Rule rule = compiled.rule();
    List<Fact> because = new ArrayList<>(2);
    boolean isShadow = rule.settings().mode() == Mode.SHADOW;
    try {
      if (!compiled.matches(subject, because)) {
        return;
      }
      if (isShadow) {
        outcome.addShadow(rule.id(), because);
      } else if (outcome.isDecidedBy(rule.severity())) {
        outcome.decide(rule.severity(), compiled.onMatch(because), because);
      } else if (rule.severity() != Severity.LOG) {
        outcome.add(rule.id(), because);
      }
    } catch (Throwable e) { // An Error must not permit either.
      if (rule.severity() == Severity.LOG || isShadow) {
        LOG.warn("rule {} could not be evaluated: {}", rule.id(), Redactor.scrub(e.toString()));
        return;
      }
      Refuse refusal = new Refuse(rule.id(), unevaluated(e));
      if (outcome.isDecidedBy(Severity.REFUSE)) {
        outcome.decide(Severity.REFUSE, refusal, List.of());
      } else {
        outcome.add(rule.id(), List.of());
      }
      return;
    }
    if (rule.severity() == Severity.LOG && !isShadow) {
      // Does not log the action, which may contain secrets; the audit log has it.
      LOG.info(
          "rule {} matched a {} action: {}", rule.id(), subject.action().kind(), rule.reason());
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
}
