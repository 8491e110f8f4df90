// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What an action does, as far as it can be read before it runs. Immutable; the lists are shared.
 */
public final class Facts {
  private static final Facts NONE = new Facts(List.of(), List.of());

  private final List<Fact> all;
  private final List<Cause> commands;
  private final Map<Verb, List<Fact>> byVerb = new EnumMap<>(Verb.class);

  /** Takes copies of the lists. */
  public Facts(List<Fact> all, List<Cause> commands) {
    this.all = List.copyOf(all);
    this.commands = List.copyOf(commands);
    for (Fact fact : this.all) {
      byVerb.computeIfAbsent(fact.verb(), verb -> new ArrayList<>(2)).add(fact);
    }
  }

  /** Returns facts without any entry. */
  public static Facts none() {
    return NONE;
  }

  /** Returns all facts in the order of the action. */
  public List<Fact> all() {
    return all;
  }

  /** Returns the facts with a verb. */
  public List<Fact> of(Verb verb) {
    return byVerb.getOrDefault(verb, List.of());
  }

  /** Returns the effective commands. */
  public List<Cause> commands() {
    return commands;
  }
}
