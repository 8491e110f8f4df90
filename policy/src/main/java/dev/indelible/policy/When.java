// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.action.ToolCall;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.canonical.PathIndex;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.canonical.Surroundings;
import dev.indelible.fact.Cause;
import dev.indelible.fact.Fact;
import dev.indelible.fact.Operand;
import dev.indelible.fact.Verb;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The conditions of a rule on what an action does.
 *
 * @param clauses at least one; the rule matches if any of them holds
 * @param display the conditions, shortened for display
 */
record When(List<Clause> clauses, String display) {
  private static final Set<Verb> ON_PATHS =
      Set.of(Verb.DELETES, Verb.WRITES, Verb.READS, Verb.SENDS);
  private static final String ANY = "any";
  private static final List<CanonicalPath> TEMPORARY =
      Stream.of(Value.of("/tmp"), Value.of("/var/tmp"), Value.unknown(Origin.SCRATCH, ""))
          .map(Surroundings.unknown()::path)
          .toList();

  private static final List<String> PATH_KEYS = List.of("paths", "recursive", "unknown", "manner");
  private static final List<String> HOST_KEYS = List.of("hosts", "ports");
  private static final List<String> OTHER_KEYS =
      List.of("kind", "tool", "command", Expressions.CEL);
  private static final List<String> KEYS = keys();

  private static List<String> keys() {
    List<String> keys = new ArrayList<>(Arrays.stream(Verb.values()).map(Verb::key).toList());
    keys.addAll(OTHER_KEYS);
    return List.copyOf(keys);
  }

  /** Reads {@code when}: a mapping whose conditions must all hold, or a list of such mappings. */
  static When read(Yaml yaml) throws PolicyException {
    List<Clause> clauses = new ArrayList<>();
    List<String> display = new ArrayList<>();
    List<Yaml> items = yaml.node() instanceof SequenceNode ? yaml.items() : List.of(yaml);
    if (items.isEmpty()) {
      throw yaml.error("when is an empty list; give at least one condition");
    }
    for (Yaml item : items) {
      Map<String, Yaml> members = item.members(KEYS);
      if (members.isEmpty()) {
        throw item.error("when has no condition; give at least one of " + String.join(", ", KEYS));
      }
      clauses.add(clause(members));
      List<String> parts = new ArrayList<>();
      for (Yaml member : members.values()) {
        parts.add(member.name() + " " + member.display());
      }
      display.add(String.join(" and ", parts));
    }
    return new When(List.copyOf(clauses), String.join(" or ", display));
  }

  /** A condition, and the property of an action without which it does not hold. */
  private record Part(Trigger trigger, Condition condition) {}

  private static Clause clause(Map<String, Yaml> members) throws PolicyException {
    Optional<Verb> about = Optional.empty();
    Trigger trigger = Trigger.ALWAYS;
    List<Condition> onFacts = new ArrayList<>();
    List<Condition> others = new ArrayList<>();
    Optional<Condition> expression = Optional.empty();
    for (Yaml member : members.values()) {
      Optional<Verb> verb =
          Arrays.stream(Verb.values()).filter(each -> each.key().equals(member.name())).findFirst();
      if (members.size() == 1 && isAny(member)) {
        about = verb;
      }
      if (member.name().equals(Expressions.CEL)) {
        expression = Optional.of(Expressions.read(member));
        continue;
      }
      Part part = verb.isPresent() ? onFacts(verb.get(), member) : other(member);
      (verb.isPresent() ? onFacts : others).add(part.condition());
      if (part.trigger().selectivity() > trigger.selectivity()) {
        trigger = part.trigger();
      }
    }
    others.addAll(onFacts);
    // Last, because it takes the longest.
    expression.ifPresent(others::add);
    return new Clause(about, trigger, others);
  }

  private static Part onFacts(Verb verb, Yaml yaml) throws PolicyException {
    if (isAny(yaml)) {
      return onFacts(new Trigger.Does(verb), verb, (fact, subject) -> true);
    }
    return ON_PATHS.contains(verb)
        ? onPath(verb, yaml)
        : verb == Verb.CONTACTS ? onHost(yaml) : onDetail(verb, yaml);
  }

  private static Part onFacts(Trigger trigger, Verb verb, FactTest test) {
    return new Part(
        trigger,
        (subject, because) -> {
          for (Fact fact : subject.facts().of(verb)) {
            if (test.holds(fact, subject)) {
              because.add(fact);
              return true;
            }
          }
          return false;
        });
  }

  private static boolean isAny(Yaml yaml) throws PolicyException {
    return !(yaml.node() instanceof SequenceNode)
        && !(yaml.node() instanceof MappingNode)
        && yaml.text().equals(ANY);
  }

  private static Part onPath(Verb verb, Yaml yaml) throws PolicyException {
    boolean isMapping = yaml.node() instanceof MappingNode;
    Map<String, Yaml> members = isMapping ? yaml.members(PATH_KEYS) : Map.of("paths", yaml);
    Trigger trigger = new Trigger.Does(verb);
    List<FactTest> tests = new ArrayList<>();
    if (members.containsKey("recursive")) {
      boolean recursive = members.get("recursive").bool();
      tests.add((fact, subject) -> fact.isRecursive() == recursive);
    }
    if (members.containsKey("unknown")) {
      boolean unknown = members.get("unknown").bool();
      tests.add((fact, subject) -> isUnknown(fact) == unknown);
    }
    if (members.containsKey("manner")) {
      tests.add(inManner(members.get("manner")));
    }
    if (members.containsKey("paths")) {
      List<String> texts = members.get("paths").texts();
      PathPatterns patterns = members.get("paths").checked(() -> PathPatterns.of(texts));
      trigger = new Trigger.Paths(verb, patterns);
      tests.add((fact, subject) -> isConcerned(patterns, fact));
    }
    if (tests.isEmpty()) {
      throw yaml.error(
          "%s has no condition; give paths, recursive, unknown or manner, or write \"any\""
              .formatted(yaml.name()));
    }
    return onFacts(
        trigger,
        verb,
        (fact, subject) -> {
          for (FactTest test : tests) {
            if (!test.holds(fact, subject)) {
              return false;
            }
          }
          return true;
        });
  }

  /** Reads manners; {@code !} in front of a manner excludes it. */
  private static FactTest inManner(Yaml yaml) throws PolicyException {
    Set<String> wanted = new HashSet<>();
    Set<String> unwanted = new HashSet<>();
    for (String text : yaml.texts()) {
      boolean isException = text.startsWith("!");
      String manner = isException ? text.substring(1) : text;
      if (!Fact.MANNERS.contains(manner)) {
        throw yaml.error(Spelling.unknown("manner", manner, Fact.MANNERS));
      }
      (isException ? unwanted : wanted).add(manner);
    }
    return (fact, subject) ->
        !unwanted.contains(fact.manner()) && (wanted.isEmpty() || wanted.contains(fact.manner()));
  }

  /**
   * Returns true if the path of a fact meets the patterns. For most facts, it is enough that
   * something below the path could meet them. For reads, moves and a home that is given to its own
   * user, the path itself must: a search need not find such a file, and the user gains nothing by
   * owning it.
   */
  private static boolean isConcerned(PathPatterns patterns, Fact fact) {
    if (!(fact.operand() instanceof Operand.Path operand)) {
      return false;
    }
    return concernsItselfAlone(fact)
        ? patterns.isNamed(operand.path(), operand.surroundings())
        : patterns.isConcerned(operand.path(), fact.isRecursive(), operand.surroundings());
  }

  private static boolean concernsItselfAlone(Fact fact) {
    return fact.verb() == Verb.READS || fact.manner().equals("moved") || fact.isOwnOwner();
  }

  /** Reports the lists in an index that have a pattern for the path of a fact. */
  static void concerned(PathIndex index, Fact fact, Operand.Path operand, IntConsumer found) {
    if (concernsItselfAlone(fact)) {
      index.named(operand.path(), operand.surroundings(), found);
    } else {
      index.concerned(operand.path(), fact.isRecursive(), operand.surroundings(), found);
    }
  }

  /**
   * Returns true if the operand of a fact is unknown: a part of the path is missing, and no
   * constant part of it lies below the working directory or a temporary directory.
   */
  private static boolean isUnknown(Fact fact) {
    return fact.operand() instanceof Operand.Path operand
        && operand.path().hasUnknown()
        && !operand.path().hasConstantBelowUnknown()
        && !operand.path().hasConstantBelow(operand.surroundings().workingDirectory())
        && TEMPORARY.stream().noneMatch(operand.path()::hasConstantBelow);
  }

  private static Part onHost(Yaml yaml) throws PolicyException {
    boolean isMapping = yaml.node() instanceof MappingNode;
    Map<String, Yaml> members = isMapping ? yaml.members(HOST_KEYS) : Map.of("hosts", yaml);
    List<Long> ports = new ArrayList<>();
    if (members.containsKey("ports")) {
      for (Yaml port : members.get("ports").items()) {
        ports.add(port.wholeNumber(65_535));
      }
    }
    if (!members.containsKey("hosts")) {
      if (ports.isEmpty()) {
        throw yaml.error("contacts has no condition; give hosts or ports, or write \"any\"");
      }
      return onFacts(
          new Trigger.Does(Verb.CONTACTS), Verb.CONTACTS, (fact, subject) -> isOn(ports, fact));
    }
    List<String> texts = members.get("hosts").texts();
    HostPatterns patterns = yaml.checked(() -> HostPatterns.of(texts));
    return onFacts(
        new Trigger.Hosts(patterns),
        Verb.CONTACTS,
        (fact, subject) ->
            fact.operand() instanceof Operand.Host operand
                && patterns.isConcerned(operand.host())
                && (ports.isEmpty() || isOn(ports, fact)));
  }

  private static boolean isOn(List<Long> ports, Fact fact) {
    return fact.operand() instanceof Operand.Host operand
        && (operand.host().isOpaque() || ports.contains((long) operand.host().port()));
  }

  private static Part onDetail(Verb verb, Yaml yaml) throws PolicyException {
    List<Glob> globs = new ArrayList<>();
    List<Glob> exceptions = new ArrayList<>();
    for (String text : yaml.texts()) {
      boolean isException = text.startsWith("!");
      Glob glob = yaml.checked(() -> Glob.compile(isException ? text.substring(1) : text));
      (isException ? exceptions : globs).add(glob);
    }
    if (globs.isEmpty()) {
      throw yaml.error(yaml.name() + " has only exceptions; add at least one without \"!\"");
    }
    return onFacts(
        new Trigger.Does(verb),
        verb,
        (fact, subject) -> {
          // A detail may be a path; * must match its separators as well.
          String detail = fact.operand().display().replace('/', ' ');
          return globs.stream().anyMatch(glob -> glob.matches(detail))
              && exceptions.stream().noneMatch(glob -> glob.matches(detail));
        });
  }

  private static Part other(Yaml yaml) throws PolicyException {
    return switch (yaml.name()) {
      case "kind" -> kind(yaml);
      case "tool" -> tool(yaml);
      default -> command(yaml);
    };
  }

  private static Part kind(Yaml yaml) throws PolicyException {
    Set<String> kinds = Set.copyOf(yaml.texts());
    for (String kind : kinds) {
      if (!AgentAction.KINDS.contains(kind)) {
        throw yaml.error(Spelling.unknown("kind", kind, AgentAction.KINDS));
      }
    }
    return new Part(
        new Trigger.Kinds(kinds), (subject, because) -> kinds.contains(subject.action().kind()));
  }

  private static Part tool(Yaml yaml) throws PolicyException {
    List<String> texts = yaml.texts();
    List<Glob> globs = new ArrayList<>();
    for (String text : texts) {
      globs.add(yaml.checked(() -> Glob.compile(text)));
    }
    boolean areNames = texts.stream().allMatch(Glob::isLiteral);
    return new Part(
        areNames ? new Trigger.Tools(Set.copyOf(texts)) : new Trigger.Kinds(Set.of(ToolCall.KIND)),
        (subject, because) ->
            subject.action() instanceof ToolCall call
                && globs.stream().anyMatch(glob -> glob.matches(call.tool())));
  }

  /** Reads beginnings of commands: the program and the first words that are no options. */
  private static Part command(Yaml yaml) throws PolicyException {
    List<List<String>> beginnings = new ArrayList<>();
    Set<String> programs = new HashSet<>();
    for (String text : yaml.texts()) {
      List<String> words = List.of(text.strip().toLowerCase(Locale.ROOT).split("\\s+"));
      beginnings.add(words);
      programs.add(words.get(0));
    }
    return new Part(
        new Trigger.Programs(programs),
        (subject, because) -> {
          for (Cause cause : subject.facts().commands()) {
            List<String> words = cause.words();
            for (List<String> beginning : beginnings) {
              if (begins(words, beginning)) {
                because.add(new Fact(Verb.RUNS, new Operand.Detail("command"), cause));
                return true;
              }
            }
          }
          return false;
        });
  }

  private static boolean begins(List<String> words, List<String> beginning) {
    if (words.size() < beginning.size()) {
      return false;
    }
    for (int i = 0; i < beginning.size(); i++) {
      if (!words.get(i).toLowerCase(Locale.ROOT).equals(beginning.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** A condition on one fact. */
  private interface FactTest {
    boolean holds(Fact fact, Subject subject);
  }
}
