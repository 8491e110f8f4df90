// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.Template.Condition;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The options, operands and subcommands of a program or subcommand. */
final class Grammar {
  /** The ways to write options. */
  enum Style {
    /** One-letter options in clusters, long options after two dashes. */
    GNU,
    /** The GNU style, but {@code -o=x} has the value {@code x}. */
    PFLAG,
    /** Whole words after one dash or two. */
    WORDS
  }

  /**
   * An alternative behaviour; of several, the first whose condition on the options holds is used.
   */
  record Alternative(Condition condition, @Nullable Operands operands, @Nullable Output output) {}

  /** Rules by which a program splits its arguments into options and operands. */
  record Rules(
      Style style,
      boolean ignoresCase,
      boolean isOldStyle,
      boolean hasAssignments,
      boolean hasPlusOptions,
      int optionsEndAt) {}

  /** A grammar without options and operands. */
  static final Grammar NONE =
      new Grammar(
          new Rules(Style.GNU, false, false, false, false, Integer.MAX_VALUE),
          Map.of(),
          Map.of(),
          new Behaviour(Operands.UNUSED, Output.OTHER, List.of(), List.of(), Condition.ALWAYS));

  final Rules rules;
  final Operands operands;
  final Output output;
  final List<Template> always;
  final List<Alternative> alternatives;
  final Condition harmless;
  final Map<String, Grammar> subcommands;

  private final Map<String, Option> options;
  private final Option[] shortOptions = new Option['z' + 1];
  private final TreeMap<String, Option> sorted;
  private final boolean hasWords;
  private final boolean hasPlainNames;

  Grammar(
      Rules rules,
      Map<String, Option> options,
      Map<String, Grammar> subcommands,
      Behaviour behaviour) {
    this.rules = rules;
    this.options = Map.copyOf(options);
    this.subcommands = Map.copyOf(subcommands);
    this.operands = behaviour.operands;
    this.output = behaviour.output;
    this.always = behaviour.always;
    this.alternatives = behaviour.alternatives;
    this.harmless = behaviour.harmless;
    this.sorted = new TreeMap<>(options);
    boolean words = rules.style == Style.WORDS;
    boolean plain = false;
    for (Map.Entry<String, Option> entry : options.entrySet()) {
      String name = entry.getKey();
      if (!name.startsWith("-") || name.length() == 1) {
        plain = true;
      } else if (name.length() == 2 && name.charAt(1) < shortOptions.length) {
        shortOptions[name.charAt(1)] = entry.getValue();
      } else if (!name.startsWith("--")) {
        words = true;
      }
    }
    hasWords = words;
    hasPlainNames = plain;
  }

  /** Uses and output of a command line. */
  record Behaviour(
      Operands operands,
      Output output,
      List<Template> always,
      List<Alternative> alternatives,
      Condition harmless) {}

  /** Returns the option of a letter; null if the grammar does not know it. */
  @Nullable Option letter(char letter) {
    return letter < shortOptions.length ? shortOptions[letter] : null;
  }

  /** Returns the option of a name; a name of more than two characters may be abbreviated. */
  @Nullable Option named(String written) {
    String name = rules.ignoresCase ? written.toLowerCase(Locale.ROOT) : written;
    Option exact = options.get(name);
    if (exact != null) {
      return exact;
    }
    Map.Entry<String, Option> next = sorted.ceilingEntry(name);
    return next != null && next.getKey().startsWith(name) && name.length() > 2
        ? next.getValue()
        : null;
  }

  /** Returns the option of a whole word with one dash; null if this grammar has no such options. */
  @Nullable Option word(String name) {
    if (!hasWords) {
      return null;
    }
    return rules.style == Style.WORDS ? named(name) : options.get(name);
  }

  /** Returns the option without a dash, for example {@code of=} or {@code +x}. */
  @Nullable Option plain(String text) {
    if (!hasPlainNames) {
      return null;
    }
    String name = rules.ignoresCase ? text.toLowerCase(Locale.ROOT) : text;
    return options.get(name);
  }
}
