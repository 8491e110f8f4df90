// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Programs;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads names of commands that are not written literally, and recognises idioms whose text is
 * harmless.
 */
final class Names {
  /** Commands whose documentation says to evaluate their output; idioms.txt has one per line. */
  private static final Set<String> IDIOMS = readIdioms();

  private static final Set<String> VERSIONED = Set.of("python", "pip", "gcc", "clang", "java");

  /** Programs that run a file of the project. */
  private static final Set<String> INTERPRETERS =
      Set.of("bash", "node", "perl", "php", "python", "python3", "ruby", "sh");

  /**
   * Maximum number of programs that a glob may match. A glob that matches more counts as matching
   * no program.
   */
  private static final int MAX_CANDIDATES = 12;

  private final Programs programs;

  Names(Programs programs) {
    this.programs = programs;
  }

  /**
   * A reading of the first words of a command.
   *
   * @param names the names of the possible programs; empty if nothing is known
   * @param skipped the number of words before the word that names the program
   * @param isHidden true if the spelling hides the name
   */
  record Reading(List<String> names, int skipped, boolean isHidden) {}

  /** Reads a command whose first word is not fully known. */
  Reading read(List<Value> argv) {
    Value first = argv.get(0);
    if (!first.hasUnknown()) {
      List<String> matching = matching(first);
      // "for t in ./scripts/*; do $t; done" runs the files of a directory that is written out.
      boolean isOfDirectory = matching.isEmpty() && first.prefix().indexOf('/') > 0;
      return new Reading(matching, 0, !isOfDirectory);
    }
    Value last = Transforms.afterLastSlash(first);
    boolean isPath = last.pieces().size() < first.pieces().size() || !last.equals(first);
    if (isPath && last.isKnown() && !last.pieces().isEmpty()) {
      // "$JAVA_HOME/bin/java": the name of the program is known, whatever its directory.
      return new Reading(known(last.prefix()), 0, false);
    }
    if (isContent(first)) {
      // "$(cat file)": equivalent to running the file itself.
      return new Reading(List.of(), 0, false);
    }
    if (isArguments(first)) {
      return new Reading(List.of(), 0, false);
    }
    boolean isBeforeName =
        argv.size() > 1 && argv.get(1).isKnown() && !known(argv.get(1).prefix()).isEmpty();
    if (isBeforeName && isOfFiles(first)) {
      // "env $(cat .env | xargs) npm start": variables that a file sets.
      return new Reading(List.of(argv.get(1).prefix()), 1, false);
    }
    if (isOneVariable(first)) {
      // "$SUDO apt-get install": a variable that may be empty before the name of a program. The
      // script does not set it, so the script hides nothing in it.
      return isBeforeName
          ? new Reading(List.of(argv.get(1).prefix()), 1, false)
          : new Reading(List.of(), 0, false);
    }
    String rest = withoutVariables(last);
    if (VERSIONED.contains(rest) && last.prefix().equals(rest)) {
      return new Reading(List.of(rest), 0, false);
    }
    return new Reading(rest.isEmpty() ? List.of() : known(rest), 0, true);
  }

  private List<String> known(String name) {
    return programs.find(name).isEmpty() && !Builtins.isBuiltin(name) ? List.of() : List.of(name);
  }

  private static boolean isOneVariable(Value value) {
    return value.pieces().size() == 1 && value.has(Origin.VARIABLE);
  }

  private static boolean isOfFiles(Value value) {
    return value.has(Origin.FILE)
        && !value.has(Origin.NETWORK)
        && !value.has(Origin.DECODED)
        && !value.has(Origin.INPUT);
  }

  /** Returns true if a value consists only of the content of files. */
  private static boolean isContent(Value value) {
    for (Value.Piece piece : value.pieces()) {
      if (!(piece instanceof Value.Unknown unknown) || unknown.origin() != Origin.FILE) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns true if the name is an argument of the script, such as {@code "$@"} or {@code "$1"},
   * and the arguments are unknown.
   */
  private static boolean isArguments(Value value) {
    return value.pieces().size() == 1
        && value.pieces().get(0) instanceof Value.Unknown unknown
        && unknown.origin() == Origin.VARIABLE
        && unknown.detail().length() == 1
        && "@*123456789".contains(unknown.detail());
  }

  /**
   * Returns a text with its variables replaced by empty text; empty if it has other unknown parts.
   */
  private static String withoutVariables(Value value) {
    StringBuilder rest = new StringBuilder();
    for (Value.Piece piece : value.pieces()) {
      if (piece instanceof Value.Known known) {
        rest.append(known.text());
      } else if (!(piece instanceof Value.Unknown unknown) || unknown.origin() != Origin.VARIABLE) {
        return "";
      }
    }
    return rest.toString();
  }

  /** Returns the programs whose name a glob matches. */
  private List<String> matching(Value glob) {
    StringBuilder pattern = new StringBuilder();
    for (Value.Piece piece : Transforms.afterLastSlash(glob).pieces()) {
      if (piece instanceof Value.Known known) {
        pattern.append(Pattern.quoted(known.text()));
      } else if (piece instanceof Value.Glob part) {
        pattern.append(part.glob());
      }
    }
    List<String> found = new ArrayList<>();
    Budget budget = new Budget();
    for (String name : programs.names()) {
      String plain = name.endsWith("*") ? name.substring(0, name.length() - 1) : name;
      if (!found.contains(plain) && Pattern.matches(pattern.toString(), plain, budget)) {
        found.add(plain);
      }
    }
    return found.size() > MAX_CANDIDATES ? List.of() : found;
  }

  /** Returns true if a text is the output of a command whose documentation says to evaluate it. */
  boolean isIdiom(Value text) {
    if (text.pieces().isEmpty()) {
      return false;
    }
    boolean hasListed = false;
    for (Value.Piece piece : text.pieces()) {
      if (piece instanceof Value.Unknown unknown && unknown.origin() == Origin.OUTPUT) {
        if (!isListed(unknown.detail()) && !isOfProject(unknown.detail())) {
          return false;
        }
        hasListed = true;
      } else if (piece instanceof Value.Unknown unknown && unknown.origin() != Origin.FILE
          || piece instanceof Value.Known known && !known.text().isBlank()) {
        return false;
      }
    }
    return hasListed;
  }

  /**
   * Returns true if a command is a program of the project, or a file of the project in another
   * language. To run its output is no more dangerous than to run the command itself.
   */
  private static boolean isOfProject(String command) {
    String[] words = command.split(" ", 3);
    boolean isInterpreter = INTERPRETERS.contains(words[0]) && words.length > 1;
    String file = isInterpreter ? words[1] : words[0];
    return file.matches("[\\w.-]+(?:/[\\w.-]+)*")
        && !file.startsWith("-")
        && !file.contains("..")
        && (isInterpreter ? file.indexOf('.') > 0 : file.indexOf('/') > 0);
  }

  private static boolean isListed(String command) {
    String start = command;
    while (!start.isEmpty()) {
      if (IDIOMS.contains(start)) {
        return true;
      }
      start = start.substring(0, Math.max(0, start.lastIndexOf(' ')));
    }
    return false;
  }

  private static Set<String> readIdioms() {
    try (InputStream in = Names.class.getResourceAsStream("idioms.txt")) {
      if (in == null) {
        throw new IllegalStateException("idioms.txt is not in the jar");
      }
      Set<String> idioms = new HashSet<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.isBlank() && !line.startsWith("#")) {
          idioms.add(line.strip());
        }
      }
      return Set.copyOf(idioms);
    } catch (IOException e) {
      throw new UncheckedIOException("idioms.txt", e);
    }
  }
}
