// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.canonical.HostPatterns;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.fact.Verb;
import java.util.Set;

/**
 * A property that an action must have for a clause to hold. {@link RuleIndex} finds rules by it;
 * then their conditions are evaluated.
 */
sealed interface Trigger {
  /** Any action. */
  record Always() implements Trigger {
    @Override
    public int selectivity() {
      return 0;
    }
  }

  /** An action of one of these kinds. */
  record Kinds(Set<String> kinds) implements Trigger {
    @Override
    public int selectivity() {
      return 1;
    }
  }

  /** Any fact with this verb. */
  record Does(Verb verb) implements Trigger {
    @Override
    public int selectivity() {
      return 2;
    }
  }

  /** A call of one of these tools. */
  record Tools(Set<String> names) implements Trigger {
    @Override
    public int selectivity() {
      return 3;
    }
  }

  /** A command of one of these programs, whose names are in lower case. */
  record Programs(Set<String> names) implements Trigger {
    @Override
    public int selectivity() {
      return 3;
    }
  }

  /** A fact with this verb and a path that the patterns match. */
  record Paths(Verb verb, PathPatterns patterns) implements Trigger {
    @Override
    public int selectivity() {
      return 4;
    }
  }

  /** A connection to a host that the patterns match. */
  record Hosts(HostPatterns patterns) implements Trigger {
    @Override
    public int selectivity() {
      return 4;
    }
  }

  /** Any action. */
  Trigger ALWAYS = new Always();

  /** Returns a rank: a clause with several possible triggers is found by the one ranked highest. */
  int selectivity();
}
