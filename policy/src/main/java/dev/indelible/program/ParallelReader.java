// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads GNU {@code parallel}: a shell command, and items after {@code :::} or on the input. */
final class ParallelReader {
  /**
   * Maximum number of rows of items; further items count as one unknown item, to limit the time.
   */
  private static final int MAX_ROWS = 64;

  /**
   * A place for an item: its position, and the part of the item; or what may be a place that a
   * setting defines, which is neither a brace expansion nor a variable of the shell.
   */
  private static final Pattern PLACE =
      Pattern.compile(
          "\\{(?<position>-?\\d*)(?<part>=.*?=|//|/\\.|[./]?)}"
              + "|(?<!\\$)\\{(?!-?\\w+\\.\\.-?\\w+(?:\\.\\.-?\\d+)?})[^\\s{},;]+}",
          Pattern.DOTALL);

  /** Characters that the program leaves as they are when it quotes an item. */
  private static final String PLAIN = "_./:@%+,-";

  /** Stands for a line of the input. */
  private static final Value LINE = Value.of("{}");

  private static final Value UNKNOWN = Value.unknown(Origin.INPUT, "");

  private ParallelReader() {}

  /** Reads the operands: the command, and its sources of items. */
  static void parallel(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    int first = 0;
    while (first < operands.size() && !isSeparator(operands.get(first))) {
      first++;
    }
    Optional<Value> file = scan.optionValue("-a");
    if (first == 0) {
      file.ifPresent(path -> scan.uses().add(Role.RUNS_FILE, path, "shell"));
      if (operands.isEmpty()) {
        if (file.isEmpty()) {
          scan.uses().add(Role.RUNS_INPUT, "shell");
        }
        return;
      }
    }
    Value line = Values.joined(operands.subList(0, first), 0);
    String own = scan.optionValue("-I").map(Value::prefix).orElse("");
    if (!own.isEmpty()) {
      line = FindReader.replaced(line, own, LINE);
    }
    embeddedCode(line, scan.uses());
    if (scan.has("--pipe")) {
      run(line, scan);
      return;
    }
    List<List<Value>> sources = new ArrayList<>();
    file.ifPresent(path -> sources.add(List.of(UNKNOWN)));
    readSources(operands.subList(first, operands.size()), first == 0, sources, scan);
    if (sources.isEmpty()) {
      Value text = filled(line, List.of(LINE));
      List<Value> command = List.of(Value.of("sh"), Value.of("-c"), text);
      scan.uses().add(Role.RUNS_FOR_EACH, command, LINE.prefix(), false, false);
      return;
    }
    for (List<Value> row : rows(sources, scan)) {
      run(first == 0 ? Values.joined(row, 0) : filled(line, row), scan);
    }
  }

  /** Reads hosts that commands run on; a colon is this machine. */
  static void sshLogins(Value argument, Template template, Scan scan) {
    for (Value login : Values.split(argument, ',')) {
      Value host = login.from(slotsEnd(login.prefix()));
      List<Value> words = Values.words(host);
      if (words.size() > 1) {
        scan.uses().addDetour(Role.RUNS_SHELL, host, "");
      }
      if (!words.isEmpty() && !Values.is(host, ":")) {
        scan.uses().add(Role.CONTACTS, words.get(words.size() - 1));
      }
    }
  }

  /** Returns the end of the number of jobs before a host, as in {@code 8/host}. */
  private static int slotsEnd(String login) {
    int digits = 0;
    while (digits < login.length() && Character.isDigit(login.charAt(digits))) {
      digits++;
    }
    return login.startsWith("/", digits) ? digits + 1 : 0;
  }

  private static void run(Value line, Scan scan) {
    Optional<Value> logins = scan.optionValue("-S");
    boolean isHere =
        logins.isEmpty()
            || Values.split(logins.get(), ',').stream().anyMatch(login -> Values.is(login, ":"));
    String machine = isHere ? "" : "host " + logins.get().display();
    scan.uses().add(Role.RUNS_SHELL, List.of(line), machine, false, false);
  }

  /** Adds the code of Perl in places such as <code>{= s/a/b/ =}</code>. */
  private static void embeddedCode(Value line, Uses uses) {
    for (Piece piece : line.pieces()) {
      Matcher place = PLACE.matcher(piece instanceof Known known ? known.text() : "");
      while (place.find()) {
        String part = place.group("part");
        if (part != null && part.startsWith("=")) {
          uses.add(Role.RUNS_CODE, Value.of(part.substring(1, part.length() - 1)), "perl");
        }
      }
    }
  }

  private static boolean isSeparator(Value word) {
    return Values.isKnown(word)
        && switch (word.prefix()) {
          case ":::", ":::+", "::::", "::::+" -> true;
          default -> false;
        };
  }

  /** Reads the sources after the command; a file of items is one of commands without a command. */
  private static void readSources(
      List<Value> words, boolean areCommands, List<List<Value>> sources, Scan scan) {
    boolean areFiles = false;
    List<Value> source = new ArrayList<>();
    for (Value word : words) {
      if (isSeparator(word)) {
        areFiles = word.prefix().startsWith("::::");
        source = new ArrayList<>();
        if (!areFiles) {
          sources.add(source);
        }
      } else if (!areFiles) {
        source.add(areCommands ? word : quoted(word));
      } else if (areCommands) {
        scan.uses().add(Role.RUNS_FILE, word, "shell");
      } else {
        scan.uses().add(Role.READS, word);
        sources.add(List.of(UNKNOWN));
      }
    }
  }

  /** Returns the items of each job by their positions. */
  private static List<List<Value>> rows(List<List<Value>> sources, Scan scan) {
    List<List<Value>> rows = new ArrayList<>();
    rows.add(List.of());
    if (sources.size() == 1 && (scan.has("-n") || scan.has("-X"))) {
      return chunks(limited(sources.get(0), MAX_ROWS, UNKNOWN), scan);
    }
    for (List<Value> source : limited(sources, MAX_ROWS, List.of(UNKNOWN))) {
      if (source.isEmpty()) {
        return List.of();
      }
      List<List<Value>> longer = new ArrayList<>();
      for (Value item : limited(source, Math.max(1, MAX_ROWS / rows.size()), UNKNOWN)) {
        for (List<Value> row : rows) {
          List<Value> next = new ArrayList<>(row);
          next.addAll(columns(item, scan));
          longer.add(next);
        }
      }
      rows = longer;
    }
    return rows;
  }

  /** Returns the items up to a number, and another one for those beyond. */
  private static <T> List<T> limited(List<T> items, int max, T others) {
    if (items.size() <= max) {
      return items;
    }
    List<T> limited = new ArrayList<>(items.subList(0, max));
    limited.add(others);
    return limited;
  }

  /** Returns rows of as many items as an option allows; without a number, one row of all. */
  private static List<List<Value>> chunks(List<Value> items, Scan scan) {
    String number = scan.optionValue("-n").map(Value::prefix).orElse("");
    int size = number.matches("[1-9]\\d?") ? Integer.parseInt(number) : items.size();
    List<List<Value>> chunks = new ArrayList<>();
    for (int i = 0; i < items.size(); i += size) {
      chunks.add(items.subList(i, Math.min(items.size(), i + size)));
    }
    return chunks;
  }

  /** Returns the columns of an item; a separator that is an expression leaves them unknown. */
  private static List<Value> columns(Value item, Scan scan) {
    Optional<Value> separator = scan.optionValue("-C");
    if (separator.isEmpty()) {
      return List.of(item);
    }
    String text = separator.get().prefix();
    return text.length() == 1 && PLAIN.contains(text)
        ? Values.split(item, text.charAt(0))
        : List.of(UNKNOWN, UNKNOWN, UNKNOWN);
  }

  /** Returns the command with the items at their places; without a place they stand at its end. */
  private static Value filled(Value line, List<Value> row) {
    Value.Builder filled = new Value.Builder();
    boolean hasPlace = false;
    for (Piece piece : line.pieces()) {
      if (!(piece instanceof Known known)) {
        filled.add(piece);
        continue;
      }
      Matcher place = PLACE.matcher(known.text());
      int from = 0;
      while (place.find()) {
        filled.add(known.text().substring(from, place.start()));
        String part = place.group("part");
        hasPlace |= part != null;
        filled.add(part == null ? UNKNOWN : part(item(place.group("position"), row), part));
        from = place.end();
      }
      filled.add(known.text().substring(from));
    }
    return hasPlace
        ? filled.build()
        : filled.build().plus(Values.SPACE).plus(Values.joined(row, 0));
  }

  /** Returns the item of a position, which counts from the end if it is negative; or all items. */
  private static Value item(String position, List<Value> row) {
    if (position.isEmpty() || position.equals("-")) {
      return Values.joined(row, 0);
    }
    if (row.get(0) == LINE && !position.equals("1") || position.length() > 4) {
      return UNKNOWN;
    }
    int number = Integer.parseInt(position);
    int index = number < 0 ? row.size() + number : number - 1;
    return index >= 0 && index < row.size() ? row.get(index) : Value.EMPTY;
  }

  /** Returns a part of an item: without its ending, its name, its directory, or what code makes. */
  private static Value part(Value item, String part) {
    if (part.isEmpty()) {
      return item;
    }
    if (!Values.isKnown(item) || item.prefix().equals(LINE.prefix()) || part.startsWith("=")) {
      return UNKNOWN;
    }
    String text = item.prefix();
    int slash = text.lastIndexOf('/');
    int dot = text.lastIndexOf('.');
    String whole = part.endsWith(".") && dot > slash ? text.substring(0, dot) : text;
    return switch (part) {
      case "//" -> Value.of(slash < 0 ? "." : slash == 0 ? "/" : text.substring(0, slash));
      case "." -> Value.of(whole);
      default -> Value.of(whole.substring(slash + 1));
    };
  }

  /** Returns an item as the program quotes it for the shell. */
  private static Value quoted(Value item) {
    Value.Builder quoted = new Value.Builder();
    for (Piece piece : item.pieces()) {
      if (!(piece instanceof Known known)) {
        quoted.add(piece);
        continue;
      }
      StringBuilder text = new StringBuilder(known.text().length());
      for (int i = 0; i < known.text().length(); i++) {
        char c = known.text().charAt(i);
        if (c == '\n') {
          text.append("'\n'");
        } else {
          text.append(Character.isLetterOrDigit(c) || PLAIN.indexOf(c) >= 0 ? "" : "\\").append(c);
        }
      }
      quoted.add(text.toString());
    }
    return quoted.build();
  }
}
