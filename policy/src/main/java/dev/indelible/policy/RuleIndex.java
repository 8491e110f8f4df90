// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.fact.Facts;
import dev.indelible.fact.Verb;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds the rules that an action can match, without evaluating the others. Immutable. */
final class RuleIndex {
  private final List<CompiledRule> rules;
  private final Map<String, BitSet> byKind = new HashMap<>();
  private final Map<Verb, BitSet> byVerb = new EnumMap<>(Verb.class);
  private final BitSet always = new BitSet();

  /**
   * Creates an index.
   *
   * @param rules in the order in which they decide
   */
  RuleIndex(List<CompiledRule> rules) {
    this.rules = List.copyOf(rules);
    for (int i = 0; i < rules.size(); i++) {
      CompiledRule rule = rules.get(i);
      if (!rule.kind().isEmpty()) {
        byKind.computeIfAbsent(rule.kind(), kind -> new BitSet()).set(i);
        continue;
      }
      for (Clause clause : rule.clauses()) {
        if (clause.trigger().isPresent()) {
          byVerb.computeIfAbsent(clause.trigger().get(), verb -> new BitSet()).set(i);
        } else {
          always.set(i);
        }
      }
    }
  }

  /** Returns whether a rule depends on facts of a kind. */
  boolean isAbout(Verb verb) {
    return byVerb.containsKey(verb);
  }

  /** Returns the rules that an action can match, in the order in which they decide. */
  List<CompiledRule> candidates(String kind, Facts facts) {
    BitSet found = new BitSet();
    found.or(always);
    if (byKind.containsKey(kind)) {
      found.or(byKind.get(kind));
    }
    for (Map.Entry<Verb, BitSet> entry : byVerb.entrySet()) {
      if (!facts.of(entry.getKey()).isEmpty()) {
        found.or(entry.getValue());
      }
    }
    List<CompiledRule> candidates = new ArrayList<>(found.cardinality());
    for (int i = found.nextSetBit(0); i >= 0; i = found.nextSetBit(i + 1)) {
      candidates.add(rules.get(i));
    }
    return candidates;
  }
}
