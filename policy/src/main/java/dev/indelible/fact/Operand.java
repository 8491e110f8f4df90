// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.Surroundings;

/** The object of a fact. */
public sealed interface Operand {
  /**
   * A path in its canonical form.
   *
   * @param path the path with its symbolic links followed
   * @param surroundings the working directory and home that patterns use to compare {@code path};
   *     their links are followed if those of the path are
   * @param written the path as the action names it
   */
  record Path(CanonicalPath path, Surroundings surroundings, CanonicalPath written)
      implements Operand {
    @Override
    public String display() {
      return written.display() + leadsTo();
    }

    /** Returns where links lead, in words; empty if there are none. */
    String leadsTo() {
      return path == written
          ? ""
          : ", " + path.problem().orElseGet(() -> "which is a link to " + path.display());
    }
  }

  /** A host in its canonical form. */
  record Host(CanonicalHost host) implements Operand {
    @Override
    public String display() {
      return host.display();
    }
  }

  /**
   * A word from the table of programs, for example {@code setuid} or {@code force push}.
   *
   * @param text not empty
   */
  record Detail(String text) implements Operand {
    @Override
    public String display() {
      return text;
    }
  }

  /** Returns the operand in words. */
  String display();
}
