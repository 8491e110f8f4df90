// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A program whose command lines can be read. Immutable. */
public final class Program {
  private final String name;
  private final Grammar grammar;
  private final @Nullable Function<List<Value>, Invocation> reader;

  /** Creates a program whose arguments are read by a grammar, or by a reader if there is one. */
  Program(String name, Grammar grammar, @Nullable Function<List<Value>, Invocation> reader) {
    this.name = name;
    this.grammar = grammar;
    this.reader = reader;
  }

  /** Returns the name of its entry in the table. */
  public String name() {
    return name;
  }

  /**
   * Returns what a command line does.
   *
   * @param argv the program, which is ignored, and its arguments
   */
  public Invocation read(List<Value> argv) {
    return reader == null ? new Scan(name, grammar, argv).read() : reader.apply(argv);
  }
}
