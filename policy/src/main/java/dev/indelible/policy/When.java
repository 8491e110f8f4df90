// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.action.ToolCall;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.canonical.Relation;
import dev.indelible.fact.Cause;
import dev.indelible.fact.Fact;
import dev.indelible.fact.Operand;
import dev.indelible.fact.Verb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The conditions of a rule on what an action does.
 *
 * @param clauses at least one, of which one must hold
 * @param display the conditions, shortened for a person
 */
record When(List<Clause> clauses, String display) {
  private static final Set<Verb> ON_PATHS =
      Set.of(Verb.DELETES, Verb.WRITES, Verb.READS, Verb.SENDS);
  private static final String ANY = "any";
  private static final List<String> PATH_KEYS = List.of("paths", "recursive", "unknown", "manner");
  private static final List<String> HOST_KEYS = List.of("hosts", "ports");
  private static final List<String> OTHER_KEYS = List.of("kind", "tool", "command");
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

  private static Clause clause(Map<String, Yaml> members) throws PolicyException {
    Optional<Verb> trigger = Optional.empty();
    List<Condition> onFacts = new ArrayList<>();
    List<Condition> others = new ArrayList<>();
    for (Yaml member : members.values()) {
      Optional<Verb> verb =
          Arrays.stream(Verb.values()).filter(each -> each.key().equals(member.name())).findFirst();
      if (verb.isPresent()) {
        onFacts.add(onFacts(verb.get(), member));
        trigger = trigger.isPresent() ? trigger : verb;
      } else {
        others.add(other(member));
      }
    }
    others.addAll(onFacts);
    return new Clause(trigger, others);
  }

  private static Condition onFacts(Verb verb, Yaml yaml) throws PolicyException {
    FactTest test =
        isAny(yaml)
            ? (fact, subject) -> true
            : ON_PATHS.contains(verb)
                ? onPath(yaml)
                : verb == Verb.CONTACTS ? onHost(yaml) : onDetail(yaml);
    return (subject, because) -> {
      for (Fact fact : subject.facts().of(verb)) {
        if (test.holds(fact, subject)) {
          because.add(fact);
          return true;
        }
      }
      return false;
    };
  }

  private static boolean isAny(Yaml yaml) throws PolicyException {
    return !(yaml.node() instanceof SequenceNode)
        && !(yaml.node() instanceof MappingNode)
        && yaml.text().equals(ANY);
  }

  private static FactTest onPath(Yaml yaml) throws PolicyException {
    if (!(yaml.node() instanceof MappingNode)) {
      return inPaths(yaml);
    }
    Map<String, Yaml> members = yaml.members(PATH_KEYS);
    List<FactTest> tests = new ArrayList<>();
    if (members.containsKey("recursive")) {
      boolean recursive = members.get("recursive").bool();
      tests.add((fact, subject) -> fact.isRecursive() == recursive);
    }
    if (members.containsKey("unknown")) {
      boolean unknown = members.get("unknown").bool();
      tests.add((fact, subject) -> isUnknown(fact, subject) == unknown);
    }
    if (members.containsKey("manner")) {
      tests.add(inManner(members.get("manner")));
    }
    if (members.containsKey("paths")) {
      tests.add(inPaths(members.get("paths")));
    }
    if (tests.isEmpty()) {
      throw yaml.error(
          "%s has no condition; give paths, recursive, unknown or manner, or write \"any\""
              .formatted(yaml.name()));
    }
    return (fact, subject) -> {
      for (FactTest test : tests) {
        if (!test.holds(fact, subject)) {
          return false;
        }
      }
      return true;
    };
  }

  private static FactTest inPaths(Yaml yaml) throws PolicyException {
    List<String> texts = yaml.texts();
    PathPatterns patterns = yaml.checked(() -> PathPatterns.of(texts));
    return (fact, subject) ->
        fact.operand() instanceof Operand.Path operand
            && isConcerned(patterns, fact, operand.path(), subject);
  }

  /** Reads manners; one behind {@code !} is left out. */
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

  /** A search below a directory reads or moves nothing that is certain to be there. */
  private static boolean isConcerned(
      PathPatterns patterns, Fact fact, CanonicalPath path, Subject subject) {
    boolean isSearch = fact.verb() == Verb.READS || fact.manner().equals("moved");
    return isSearch
        ? patterns.isNamed(path, subject.surroundings())
        : patterns.isConcerned(path, fact.isRecursive(), subject.surroundings());
  }

  /**
   * Returns whether the operand of a fact is not known: a part of the path is missing, and no
   * constant part of it lies below the working directory.
   */
  private static boolean isUnknown(Fact fact, Subject subject) {
    return fact.operand() instanceof Operand.Path operand
        && operand.path().hasUnknown()
        && !operand.path().hasConstantBelow(subject.surroundings().workingDirectory());
  }

  private static FactTest onHost(Yaml yaml) throws PolicyException {
    boolean isMapping = yaml.node() instanceof MappingNode;
    Map<String, Yaml> members = isMapping ? yaml.members(HOST_KEYS) : Map.of("hosts", yaml);
    List<Long> ports = new ArrayList<>();
    if (members.containsKey("ports")) {
      for (Yaml port : members.get("ports").items()) {
        ports.add(port.wholeNumber(65_535));
      }
    }
    Optional<HostPatterns> hosts = Optional.empty();
    if (members.containsKey("hosts")) {
      List<String> texts = members.get("hosts").texts();
      hosts = Optional.of(yaml.checked(() -> HostPatterns.of(texts)));
    }
    if (hosts.isEmpty() && ports.isEmpty()) {
      throw yaml.error("contacts has no condition; give hosts or ports, or write \"any\"");
    }
    Optional<HostPatterns> patterns = hosts;
    return (fact, subject) ->
        fact.operand() instanceof Operand.Host operand
            && (patterns.isEmpty() || patterns.get().concerns(operand.host()) == Relation.YES)
            && (ports.isEmpty()
                || operand.host().isOpaque()
                || ports.contains((long) operand.host().port()));
  }

  private static FactTest onDetail(Yaml yaml) throws PolicyException {
    List<Glob> globs = new ArrayList<>();
    List<Glob> exceptions = new ArrayList<>();
    for (String text : yaml.texts()) {
      boolean isException = text.startsWith("!");
      Glob glob = yaml.checked(() -> Glob.compile(isException ? text.substring(1) : text));
      (isException ? exceptions : globs).add(glob);
    }
    if (globs.isEmpty()) {
      throw yaml.error(yaml.name() + " has only exceptions; name what they are taken from");
    }
    return (fact, subject) -> {
      // A detail may be a path; * is to match it all the same.
      String detail = fact.operand().display().replace('/', ' ');
      return globs.stream().anyMatch(glob -> glob.matches(detail))
          && exceptions.stream().noneMatch(glob -> glob.matches(detail));
    };
  }

  private static Condition other(Yaml yaml) throws PolicyException {
    return switch (yaml.name()) {
      case "kind" -> kind(yaml);
      case "tool" -> tool(yaml);
      default -> command(yaml);
    };
  }

  private static Condition kind(Yaml yaml) throws PolicyException {
    Set<String> kinds = Set.copyOf(yaml.texts());
    for (String kind : kinds) {
      if (!AgentAction.KINDS.contains(kind)) {
        throw yaml.error(Spelling.unknown("kind", kind, AgentAction.KINDS));
      }
    }
    return (subject, because) -> kinds.contains(subject.action().kind());
  }

  private static Condition tool(Yaml yaml) throws PolicyException {
    List<Glob> globs = globs(yaml);
    return (subject, because) ->
        subject.action() instanceof ToolCall call
            && globs.stream().anyMatch(glob -> glob.matches(call.tool()));
  }

  /** Reads beginnings of commands: the program and the first words that are no options. */
  private static Condition command(Yaml yaml) throws PolicyException {
    List<List<String>> beginnings = new ArrayList<>();
    for (String text : yaml.texts()) {
      beginnings.add(List.of(text.strip().split("\\s+")));
    }
    return (subject, because) -> {
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
    };
  }

  private static boolean begins(List<String> words, List<String> beginning) {
    if (words.size() < beginning.size()) {
      return false;
    }
    for (int i = 0; i < beginning.size(); i++) {
      if (!words
          .get(i)
          .toLowerCase(Locale.ROOT)
          .equals(beginning.get(i).toLowerCase(Locale.ROOT))) {
        return false;
      }
    }
    return true;
  }

  private static List<Glob> globs(Yaml yaml) throws PolicyException {
    List<Glob> globs = new ArrayList<>();
    for (String text : yaml.texts()) {
      globs.add(yaml.checked(() -> Glob.compile(text)));
    }
    return globs;
  }

  /** A condition on one fact. */
  private interface FactTest {
    boolean holds(Fact fact, Subject subject);
  }
}
