// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.ToolCall;
import dev.indelible.canonical.HostIndex;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.canonical.PathIndex;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.fact.Cause;
import dev.indelible.fact.Fact;
import dev.indelible.fact.Operand;
import dev.indelible.fact.Verb;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Finds the rules that an action can match by the {@linkplain Trigger triggers} of their clauses,
 * without evaluating the others. Immutable and thread-safe.
 */
final class RuleIndex {
  private final List<CompiledRule> rules;
  private final Set<Verb> about = EnumSet.noneOf(Verb.class);
  private final BitSet always = new BitSet();
  private final Map<String, BitSet> byKind = new HashMap<>();
  private final Map<Verb, BitSet> byVerb = new EnumMap<>(Verb.class);
  private final Map<String, List<Integer>> byTool = new HashMap<>();
  private final Map<String, List<Integer>> byProgram = new HashMap<>();
  private final Map<Verb, PathIndex> byPath = new EnumMap<>(Verb.class);

  /** For each verb, the rule of each pattern list in its path index, by the list's position. */
  private final Map<Verb, List<Integer>> rulesByPath = new EnumMap<>(Verb.class);

  private final HostIndex byHost;

  /** The rule of each pattern list in the host index, by the list's position. */
  private final List<Integer> rulesByHost = new ArrayList<>();

  /**
   * Creates an index.
   *
   * @param rules in the order in which they decide
   */
  RuleIndex(List<CompiledRule> rules) {
    this.rules = List.copyOf(rules);
    Map<Verb, List<PathPatterns>> paths = new EnumMap<>(Verb.class);
    List<HostPatterns> hosts = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      for (Clause clause : rules.get(i).clauses()) {
        if (rules.get(i).isForEveryone()) {
          clause.about().ifPresent(about::add);
        }
        add(clause.trigger(), i, paths, hosts);
      }
    }
    paths.forEach((verb, lists) -> byPath.put(verb, new PathIndex(lists)));
    byHost = new HostIndex(hosts);
  }

  private void add(
      Trigger trigger, int rule, Map<Verb, List<PathPatterns>> paths, List<HostPatterns> hosts) {
    if (trigger instanceof Trigger.Kinds of) {
      of.kinds().forEach(kind -> byKind.computeIfAbsent(kind, k -> new BitSet()).set(rule));
    } else if (trigger instanceof Trigger.Does of) {
      byVerb.computeIfAbsent(of.verb(), verb -> new BitSet()).set(rule);
    } else if (trigger instanceof Trigger.Tools of) {
      of.names().forEach(name -> put(byTool, name, rule));
    } else if (trigger instanceof Trigger.Programs of) {
      of.names().forEach(name -> put(byProgram, name, rule));
    } else if (trigger instanceof Trigger.Paths of) {
      put(paths, of.verb(), of.patterns());
      put(rulesByPath, of.verb(), rule);
    } else if (trigger instanceof Trigger.Hosts of) {
      hosts.add(of.patterns());
      rulesByHost.add(rule);
    } else {
      always.set(rule);
    }
  }

  private static <K, V> void put(Map<K, List<V>> map, K key, V value) {
    map.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  /** Returns true if a rule for everyone decides about all facts of a kind. */
  boolean isAbout(Verb verb) {
    return about.contains(verb);
  }

  /** Returns the rules that an action can match, in the order in which they decide. */
  List<CompiledRule> candidates(Subject subject) {
    BitSet found = new BitSet(rules.size());
    found.or(always);
    BitSet ofKind = byKind.get(subject.action().kind());
    if (ofKind != null) {
      found.or(ofKind);
    }
    if (subject.action() instanceof ToolCall call) {
      byTool.getOrDefault(call.tool(), List.of()).forEach(found::set);
    }
    if (!byProgram.isEmpty()) {
      for (Cause command : subject.facts().commands()) {
        String program = command.program().toLowerCase(Locale.ROOT);
        byProgram.getOrDefault(program, List.of()).forEach(found::set);
      }
    }
    findByFacts(subject, found);
    List<CompiledRule> candidates = new ArrayList<>(found.cardinality());
    for (int i = found.nextSetBit(0); i >= 0; i = found.nextSetBit(i + 1)) {
      candidates.add(rules.get(i));
    }
    return candidates;
  }

  private void findByFacts(Subject subject, BitSet found) {
    List<Fact> facts = subject.facts().all();
    for (int i = 0; i < facts.size(); i++) {
      Fact fact = facts.get(i);
      BitSet ofVerb = byVerb.get(fact.verb());
      if (ofVerb != null) {
        found.or(ofVerb);
      }
      PathIndex paths = byPath.get(fact.verb());
      if (paths != null && fact.operand() instanceof Operand.Path operand) {
        List<Integer> ruleOfList = rulesByPath.getOrDefault(fact.verb(), List.of());
        When.concerned(paths, fact, operand, list -> found.set(ruleOfList.get(list)));
      } else if (fact.verb() == Verb.CONTACTS && fact.operand() instanceof Operand.Host operand) {
        byHost.concerned(operand.host(), list -> found.set(rulesByHost.get(list)));
      }
    }
  }
}
