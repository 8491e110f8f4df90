// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import java.util.List;

/** An option of a program. */
final class Option {
  /** The value that an option has. */
  enum Arity {
    NONE,
    REQUIRED,
    /** Two values, a name and the value of that name. */
    TWO,
    /** An attached value, or none. */
    OPTIONAL
  }

  final Arity arity;

  /** The bit of this option in conditions; 0 if no condition names it. Set while loading. */
  long bit;

  /** The uses of its value, or of the command if it has none. Set while loading. */
  List<Template> templates = List.of();

  /** True if its value is a path that is written. Set while loading. */
  boolean writes;

  /** True if it extends the uses of the operands to everything below them. Set while loading. */
  boolean isRecursive;

  /** True if all arguments after it and its value are operands. Set while loading. */
  boolean endsOptions;

  Option(Arity arity) {
    this.arity = arity;
  }
}
