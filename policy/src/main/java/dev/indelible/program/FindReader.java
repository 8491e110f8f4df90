// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads {@code find}: its actions apply to the paths that its tests select. Only tests of names
 * narrow this selection; all other tests count as true.
 *
 * <p>The class is long because the tests and actions of {@code find} form a language of their own.
 */
final class FindReader {
  /** Maximum number of roots or names; more count as all files, which limits the time. */
  private static final int MAX_ITEMS = 64;

  /** Maximum depth of parentheses that are read; deeper ones do not restrict the paths. */
  private static final int MAX_DEPTH = 100;

  private static final Value EVERYTHING = new Value(List.of(new Glob("**")));

  /** Options that stand before the roots. */
  private static final Set<String> LEADING_OPTIONS =
      Set.of("-H", "-L", "-P", "-E", "-X", "-d", "-s", "-x");

  /** Words without a dash that begin the expression. */
  private static final Set<String> EXPRESSION = Set.of("(", ")", "!", ",");

  private static final Set<String> TESTS_WITH_VALUE =
      Set.of(
          "-amin",
          "-anewer",
          "-atime",
          "-cmin",
          "-cnewer",
          "-context",
          "-ctime",
          "-fstype",
          "-gid",
          "-group",
          "-ilname",
          "-inum",
          "-links",
          "-lname",
          "-maxdepth",
          "-mindepth",
          "-mmin",
          "-mtime",
          "-newer",
          "-perm",
          "-printf",
          "-regextype",
          "-samefile",
          "-size",
          "-type",
          "-uid",
          "-used",
          "-user",
          "-xtype",
          "-flags",
          "-newermt",
          "-newerat",
          "-newerct",
          "-newerBt",
          "-newermm",
          "-depth-n",
          "-Bmin",
          "-Bnewer",
          "-Btime");

  /** Options with a value that do not restrict the names. */
  private static final Set<String> DEPTHS =
      Set.of("-maxdepth", "-mindepth", "-regextype", "-type", "-xtype");

  private static final Set<String> TESTS =
      Set.of("-empty", "-nouser", "-nogroup", "-executable", "-readable", "-writable");

  private static final Set<String> OWNERS =
      Set.of("-user", "-uid", "-group", "-gid", "-nouser", "-nogroup");

  private static final Set<String> CHANGING_OWNERS = Set.of("chown", "chgrp");

  /** Programs that delete, or destroy, each file that they are given. */
  private static final Set<String> DELETING =
      Set.of("rm", "/bin/rm", "shred", "truncate", "unlink");

  private final List<Value> argv;
  private final Uses uses = new Uses();
  private final List<Value> roots = new ArrayList<>();
  private final Set<Value> found = new LinkedHashSet<>();
  private int next = 1;
  private int depth;
  private boolean prints = true;
  private boolean rootsOnly;

  /** True if the selection goes only one level below the roots. */
  private boolean isShallow;

  private boolean isFiltered;

  /** True if a test picks files by their mode. */
  private boolean picksByMode;

  private boolean picksByOwner;

  /** True if the preceding terms pick only directories. */
  private boolean picksDirectories;

  private FindReader(List<Value> argv) {
    this.argv = argv;
  }

  /** Returns what the command line does. */
  static Invocation find(List<Value> argv) {
    return new FindReader(argv).read();
  }

  private Invocation read() {
    readRoots();
    for (int i = next; i + 1 < argv.size(); i++) {
      if (Values.is(argv.get(i), "-maxdepth")) {
        rootsOnly |= Values.is(argv.get(i + 1), "0");
        isShallow |= Values.is(argv.get(i + 1), "1");
      }
    }
    Optional<Set<Value>> names = alternatives(Optional.empty());
    while (next < argv.size()) {
      // There is one parenthesis too many; find refuses the command.
      next++;
      names = alternatives(Optional.empty());
    }
    if (found.isEmpty()) {
      found.addAll(printed(names));
    }
    return new Invocation(
        "find", uses.list(), List.copyOf(found), prints ? Output.OPERANDS : Output.OTHER);
  }

  private void readRoots() {
    for (; next < argv.size(); next++) {
      Value argument = argv.get(next);
      String text = argument.prefix();
      if (text.startsWith("-O") || LEADING_OPTIONS.contains(text)) {
        continue;
      }
      if (text.equals("-D") || text.equals("-f")) {
        next++;
        if (text.equals("-f") && next < argv.size()) {
          roots.add(argv.get(next));
        }
        continue;
      }
      if (text.startsWith("-") && text.length() > 1
          || Values.isKnown(argument) && EXPRESSION.contains(text)) {
        break;
      }
      roots.add(argument);
    }
    if (roots.isEmpty()) {
      roots.add(Value.of("."));
    }
  }

  /**
   * Reads alternatives up to a closing parenthesis.
   *
   * @param given the names that earlier terms have selected; empty for all
   * @return the names that the alternatives select
   */
  private Optional<Set<Value>> alternatives(Optional<Set<Value>> given) {
    Optional<Set<Value>> first = chain(given);
    if (isAtEnd()) {
      return first;
    }
    Set<Value> all = new LinkedHashSet<>(first.orElse(Set.of()));
    boolean narrows = first.isPresent();
    while (!isAtEnd()) {
      next++;
      Optional<Set<Value>> names = chain(given);
      narrows &= names.isPresent();
      names.ifPresent(all::addAll);
    }
    return narrows ? Optional.of(all) : Optional.empty();
  }

  private boolean isAtEnd() {
    return next >= argv.size() || Values.is(argv.get(next), ")");
  }

  /** Reads terms up to {@code -o}, a comma, a closing parenthesis or the end. */
  private Optional<Set<Value>> chain(Optional<Set<Value>> given) {
    boolean outer = picksDirectories;
    Optional<Set<Value>> names = terms(given);
    picksDirectories = outer;
    return names;
  }

  private Optional<Set<Value>> terms(Optional<Set<Value>> given) {
    Optional<Set<Value>> names = given;
    boolean isNegated = false;
    while (next < argv.size()) {
      Value argument = argv.get(next);
      String text = Values.isKnown(argument) ? argument.prefix() : "";
      switch (text) {
        case "-o", "-or", ",", ")" -> {
          return names;
        }
        case "!", "-not" -> {
          isNegated = !isNegated;
          next++;
          continue;
        }
        case "-a", "-and" -> next++;
        case "(" -> {
          next++;
          if (depth < MAX_DEPTH) {
            depth++;
            Optional<Set<Value>> inner = alternatives(names);
            depth--;
            next++;
            if (!isNegated && names.isEmpty()) {
              names = inner;
            }
          }
        }
        case "-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename" -> {
          next++;
          if (next < argv.size()) {
            Value pattern = argv.get(next++);
            if (!isNegated && names.isEmpty() && !Values.is(pattern, "*")) {
              names = Optional.of(Set.of(pattern(pattern, text)));
            }
          }
        }
        case "-regex", "-iregex" -> {
          next++;
          if (next < argv.size()) {
            Optional<Value> pattern = RegexGlob.of(argv.get(next++));
            if (!isNegated && names.isEmpty()) {
              names = pattern.map(Set::of);
            }
          }
        }
        case "-type" -> {
          next++;
          String type = next < argv.size() ? argv.get(next++).prefix() : "";
          picksDirectories |= type.equals("d") && !isNegated;
          // A selection of links does not include the files that they lead to.
          isFiltered |= type.equals("l");
        }
        default -> {
          next++;
          action(text, names);
        }
      }
      isNegated = false;
    }
    return names;
  }

  /** Returns a pattern of names below a root, or of whole paths. */
  private static Value pattern(Value pattern, String test) {
    boolean isPath = test.endsWith("path") || test.endsWith("wholename");
    List<Piece> pieces = new ArrayList<>();
    if (!isPath) {
      pieces.addAll(EVERYTHING.pieces());
      pieces.add(new Known("/"));
    }
    for (Piece piece : pattern.pieces()) {
      if (piece instanceof Known known) {
        for (Piece part : Values.globbed(known.text()).pieces()) {
          pieces.add(isPath && part instanceof Glob ? new Glob("**") : part);
        }
      } else {
        pieces.add(piece);
      }
    }
    return new Value(pieces);
  }

  private void action(String text, Optional<Set<Value>> names) {
    switch (text) {
      case "-delete" -> {
        prints = false;
        if (names.isEmpty()) {
          // Only empty directories are deleted.
          isFiltered |= picksDirectories;
          boolean isRecursive = !isFiltered && !rootsOnly;
          items(names).forEach(p -> uses.add(Role.DELETES, List.of(p), "", isRecursive, false));
        } else {
          items(names).forEach(item -> uses.add(Role.DELETES, item));
        }
      }
      case "-exec", "-execdir", "-ok", "-okdir" -> execute(names);
      case "-fprint", "-fls", "-fprint0", "-fprintf" -> {
        prints = false;
        if (next < argv.size()) {
          uses.add(Role.WRITES, argv.get(next++));
        }
        if (text.equals("-fprintf")) {
          next++;
        }
      }
      case "-files0-from" -> {
        if (next < argv.size()) {
          uses.add(Role.READS, argv.get(next++));
        }
      }
      case "-print", "-print0" -> found.addAll(printed(names));
      case "-ls" -> prints = false;
      case "-printf" -> {
        next++;
        found.addAll(printed(names));
      }
      default -> {
        picksByMode |= text.equals("-perm");
        picksByOwner |= OWNERS.contains(text);
        boolean hasValue = TESTS_WITH_VALUE.contains(text);
        isFiltered |= (hasValue && !DEPTHS.contains(text)) || TESTS.contains(text);
        if (hasValue) {
          next++;
        }
      }
    }
  }

  /**
   * Reads a command up to {@code ;} or {@code {} +}; runs it for the paths below each root. If the
   * end is missing, find reports an error and does nothing at all.
   */
  private void execute(Optional<Set<Value>> names) {
    prints = false;
    List<Value> command = new ArrayList<>();
    boolean isEnded = false;
    while (next < argv.size() && !isEnded) {
      Value argument = argv.get(next++);
      if (Values.is(argument, ";")) {
        isEnded = true;
        continue;
      }
      if (Values.is(argument, "+")
          && !command.isEmpty()
          && Values.is(command.get(command.size() - 1), "{}")) {
        isEnded = true;
        continue;
      }
      command.add(argument);
    }
    if (command.isEmpty() || !isEnded && command.stream().allMatch(Values::isKnown)) {
      return;
    }
    if (names.isEmpty()
        && !isFiltered
        && !rootsOnly
        && DELETING.contains(command.get(0).prefix())) {
      // Deletes everything, one file at a time.
      roots.forEach(root -> uses.add(Role.DELETES, List.of(root), "", true, false));
    }
    boolean isRepair =
        picksByMode && Values.is(command.get(0), "chmod")
            || picksByOwner && CHANGING_OWNERS.contains(command.get(0).prefix());
    for (Value item : isRepair && names.isEmpty() ? picked() : items(names)) {
      List<Value> run = new ArrayList<>(command.size());
      for (Value argument : command) {
        run.add(replaced(argument, "{}", item));
      }
      uses.add(Role.RUNS_COMMAND, run, "", false, false);
    }
  }

  /** Returns the printed paths: the selected ones, or all files below the roots. */
  private List<Value> printed(Optional<Set<Value>> names) {
    boolean isAll = names.isEmpty() && !isFiltered && !rootsOnly && !picksDirectories;
    if (!isAll || roots.size() > MAX_ITEMS) {
      return items(names);
    }
    Value below = new Value(List.of(isShallow ? new Glob("*") : Value.ALL));
    List<Value> all = new ArrayList<>(roots.size());
    roots.forEach(root -> all.add(Values.below(root, below)));
    return all;
  }

  /** Returns the paths below the roots that have one of the names. */
  private List<Value> items(Optional<Set<Value>> names) {
    List<Value> items = new ArrayList<>();
    if (roots.size() > MAX_ITEMS || names.isPresent() && names.get().size() > MAX_ITEMS) {
      return List.of(Values.below(Value.EMPTY, EVERYTHING));
    }
    for (Value root : roots) {
      if (rootsOnly) {
        items.add(root);
      } else if (names.isEmpty()) {
        // Without a test, the root itself is selected; a test selects some of the files below it.
        items.add(isFiltered ? Values.below(root, EVERYTHING) : root);
      } else {
        for (Value name : names.get()) {
          boolean isBelow = !name.pieces().isEmpty() && name.pieces().get(0) instanceof Glob;
          items.add(isBelow ? Values.below(root, name) : name);
        }
      }
    }
    return items;
  }

  /**
   * Returns the files that a test picks by mode or owner for a command that changes this attribute,
   * as administrators do. Their name is unknown; unlike {@code **}, it does not match every file.
   */
  private List<Value> picked() {
    Value name = Value.unknown(Origin.OUTPUT, "find");
    List<Value> all = new ArrayList<>(roots.size());
    roots.forEach(root -> all.add(Values.below(root, name)));
    return all;
  }

  /** Returns a value with a known text replaced wherever it occurs. */
  static Value replaced(Value value, String placeholder, Value item) {
    List<Piece> pieces = new ArrayList<>();
    for (Piece piece : value.pieces()) {
      if (!(piece instanceof Known known) || !known.text().contains(placeholder)) {
        pieces.add(piece);
        continue;
      }
      String text = known.text();
      int from = 0;
      for (int at = text.indexOf(placeholder); at >= 0; at = text.indexOf(placeholder, from)) {
        pieces.add(new Known(text.substring(from, at)));
        pieces.addAll(item.pieces());
        from = at + placeholder.length();
      }
      pieces.add(new Known(text.substring(from)));
    }
    return new Value(pieces);
  }
}
