// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.CanonicalPath;

/** The object of a fact. */
public sealed interface Operand {
  /** A path in its canonical form. */
  record Path(CanonicalPath path) implements Operand {
    @Override
    public String display() {
      return path.display();
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
   * A word of the table of programs, for example {@code setuid} or {@code force push}.
   *
   * @param text not empty
   */
  record Detail(String text) implements Operand {
    @Override
    public String display() {
      return text;
    }
  }

  /** Returns the operand for a person. */
  String display();
}
