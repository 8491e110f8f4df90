// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.redaction.Programs.Form;
import dev.indelible.redaction.Programs.Place;
import dev.indelible.redaction.ShellView.Word;
import java.util.List;
import java.util.Set;

/**
 * Finds the secrets among the words of a command: values of assignments and options with a secret
 * name, headers, and what some programs take as a secret, for example {@code curl -u}. {@link
 * Programs} lists them.
 */
final class Words {
  private static final String OPTION = "password_option";

  /** The shortest constant that counts where only its place among words shows it. */
  private static final int MIN_CONSTANT_CHARS = 8;

  /** The words that are looked at before or after a word of a program. */
  private static final int MAX_WORDS = 64;

  /** Options after which a command follows. */
  private static final Set<String> BEFORE_COMMANDS =
      Set.of("--", "-exec", "-execdir", "-ok", "-it", "-ti", "-i", "-t", "-E", "-n");

  /** Words before a name and its value as two words, for example {@code aws configure set}. */
  private static final Set<String> BEFORE_NAMES =
      Set.of("set", "-x", "-gx", "-Ux", "setenv", "setx", "put", "--secret");

  /** Texts that make the scanner read the words of a command. */
  static final Set<String> HINTS = Programs.HINTS;

  private final String command;
  private final ShellView view;
  private final List<Word> words;
  private final boolean isArguments;
  private final List<Found> found;

  private Words(String command, ShellView view, boolean isArguments, List<Found> found) {
    this.command = command;
    this.view = view;
    this.isArguments = isArguments;
    this.words = view.words();
    this.found = found;
  }

  /**
   * Adds the secrets among the words of a command.
   *
   * @param found gets ranges of the view
   */
  static void find(String command, ShellView view, List<Found> found) {
    new Words(command, view, false, found).find();
  }

  /** Adds the secrets among the arguments of a process. */
  static void findInArguments(ShellView view, List<Found> found) {
    new Words(view.text(), view, true, found).find();
  }

  private void find() {
    int before = 0;
    int first = 0;
    int program = 0;
    List<Place> places = List.of();
    for (int i = 0; i < words.size(); i++) {
      boolean isFirst = i == 0 || view.endsCommand(command, words.get(i - 1), words.get(i));
      if (isFirst) {
        places = List.of();
        before = first;
        first = i;
      }
      String text = text(words.get(i));
      List<Place> named = Programs.of(text.substring(text.lastIndexOf('/') + 1));
      if (!named.isEmpty() && (isFirst || !isOptionValue(words.get(i - 1)))) {
        places = named;
        program = i;
      }
      if (places.isEmpty() || !readPlaces(places, before, first, program, i)) {
        readName(i);
      }
    }
  }

  /** Returns true if the word after this one is the value of an option, as after find's -name. */
  private boolean isOptionValue(Word before) {
    String text = text(before);
    return text.startsWith("-") && !BEFORE_COMMANDS.contains(text);
  }

  private String text(Word word) {
    return view.text().substring(word.start(), word.end());
  }

  /** Returns true if one of a program's places is at a word. */
  private boolean readPlaces(List<Place> places, int before, int first, int program, int at) {
    boolean isRead = false;
    for (Place place : places) {
      if (place.form() == Form.INPUT) {
        if (text(words.get(at)).equals(place.word())) {
          readInput(before, first, at);
        }
      } else if (place.isOperand()) {
        isRead |= readOperand(place, program, at);
      } else if (place.form() == Form.PAIR) {
        if (lastOf(place.word(), program, at) >= 0 && !isOption(words.get(at))) {
          give(Form.PAIR, words.get(at).start(), words.get(at).end());
        }
      } else if (place.word().isEmpty() || lastOf(place.word(), program, at) >= 0) {
        isRead |= readOption(place, at);
      }
    }
    return isRead;
  }

  /**
   * Returns the last index before another at which a word of the command is; -1 if there is none.
   */
  private int lastOf(String word, int program, int at) {
    for (int i = at - 1; i >= program && at - i <= MAX_WORDS; i--) {
      if (text(words.get(i)).equals(word)) {
        return i;
      }
    }
    return -1;
  }

  /** Reads what {@code echo} or a here-string gives to a program that reads a secret. */
  private void readInput(int before, int first, int at) {
    if (before < first && view.isPiped(command, words.get(first - 1), words.get(first))) {
      String writer = text(words.get(before));
      Word last = words.get(first - 1);
      if ((writer.equals("echo") || writer.equals("printf")) && first - 1 > before) {
        int colon = view.text().indexOf(':', last.start());
        boolean hasUser =
            text(words.get(at)).equals("chpasswd") && colon >= 0 && colon < last.end();
        add(OPTION, "password", hasUser ? colon + 1 : last.start(), last.end());
      }
    }
    for (int i = at + 1; i < words.size() && i - at <= MAX_WORDS; i++) {
      if (view.endsCommand(command, words.get(i - 1), words.get(i))) {
        return;
      }
      if (view.isHereString(command, words.get(i - 1), words.get(i))) {
        add(OPTION, "password", words.get(i).start(), words.get(i).end());
        return;
      }
    }
  }

  /** Reads an operand that is a secret by its place. */
  private boolean readOperand(Place place, int program, int at) {
    Word word = words.get(at);
    if (isOption(word)) {
      return false;
    }
    int from = lastOf(place.word(), program, at);
    int operands = 0;
    for (int i = from + 1; from >= 0 && i < at; i++) {
      operands += isOption(words.get(i)) ? 0 : 1;
    }
    if (from < 0 || operands != place.skipped()) {
      return false;
    }
    add(OPTION, "password", word.start(), word.end());
    return true;
  }

  private boolean isOption(Word word) {
    char first = view.text().charAt(word.start());
    return first == '-' || first == '/' && word.end() - word.start() < 16;
  }

  private boolean readOption(Place place, int at) {
    Word word = words.get(at);
    String text = text(word);
    String option = place.option();
    boolean hasNext = at + 1 < words.size() && place.form() != Form.ATTACHED;
    if (text.equals(option) || option.length() == 2 && isBundle(text, option)) {
      if (hasNext) {
        give(place.form(), words.get(at + 1).start(), words.get(at + 1).end());
      }
      if (hasNext && place.form() == Form.TWO_PASSWORDS && at + 2 < words.size()) {
        give(place.form(), words.get(at + 2).start(), words.get(at + 2).end());
      }
      return true;
    }
    boolean isLong = option.length() > 2 && option.charAt(0) != '/';
    if (isLong ? text.startsWith(option + "=") : text.startsWith(option)) {
      give(place.form(), word.start() + option.length() + (isLong ? 1 : 0), word.end());
      return true;
    }
    return false;
  }

  /** Returns true if a word is some short options of which the last is this one: {@code -sku}. */
  private static boolean isBundle(String text, String key) {
    if (text.length() < 3 || text.length() > 8 || text.charAt(0) != '-') {
      return false;
    }
    for (int i = 1; i < text.length() - 1; i++) {
      if ("sSkLfgiIvNn".indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return text.charAt(text.length() - 1) == key.charAt(1);
  }

  private void give(Form form, int start, int end) {
    int from = start;
    String text = view.text();
    if (form == Form.USER_AND_PASSWORD) {
      int colon = text.indexOf(':', start);
      int percent = text.indexOf('%', start);
      int separator = colon >= 0 && colon < end ? colon : percent;
      if (separator < 0 || separator >= end) {
        return;
      }
      from = separator + 1;
    } else if (form == Form.NAMED || form == Form.PAIR || form == Form.COOKIE) {
      int equals = text.indexOf('=', start);
      if (equals < 0
          || equals >= end
          || form == Form.COOKIE && !Characters.hasDigit(text, equals, end)) {
        return;
      }
      from = equals + 1;
    }
    add(OPTION, "password", from, end);
  }

  /**
   * Reads {@code NAME=value}, {@code --name=value}, {@code --name value}, {@code set NAME value}.
   */
  private void readName(int at) {
    Word word = words.get(at);
    String text = text(word);
    int end = 0;
    while (end < text.length() && isNamePart(text.charAt(end))) {
      end++;
    }
    if (end == 0 || end > 128) {
      readPath(at, text);
      return;
    }
    String name = text.substring(0, end);
    boolean isWhole = end == text.length();
    if (isWhole && !name.startsWith("-") || !Names.isSecret(name)) {
      readPath(at, text);
      return;
    }
    if (isWhole) {
      boolean isFlag = name.equals("--secret") && lastOf("set", Math.max(0, at - 3), at) >= 0;
      if (!isFlag && at + 1 < words.size() && !text(words.get(at + 1)).startsWith("-")) {
        add(OPTION, name, words.get(at + 1).start(), words.get(at + 1).end());
      }
      return;
    }
    int from = word.start() + text.indexOf('=', end) + 1;
    boolean isAssignment = text.charAt(end) == '=' || text.startsWith("+=", end);
    if (isAssignment && mayBeWhole(word, from)) {
      add(name.startsWith("-") ? OPTION : Names.DETECTOR, name, from, word.end());
    }
  }

  /** Reads a name, perhaps with a path, and its value as two words: {@code set db:password x}. */
  private void readPath(int at, String text) {
    if (at == 0 || at + 1 >= words.size() || text.length() > 128 || !Names.isSecret(text)) {
      return;
    }
    Word value = words.get(at + 1);
    int chars = value.end() - value.start();
    boolean isNamed = BEFORE_NAMES.contains(text(words.get(at - 1)));
    if (isNamed
        && chars >= MIN_CONSTANT_CHARS
        && Characters.hasDigit(view.text(), value.start(), value.end())
        && !text(value).startsWith("-")
        && !view.endsCommand(command, words.get(at), value)) {
      add(OPTION, text, value.start(), value.end());
    }
  }

  /**
   * Returns true if the value from an index on may be the whole rest of a word: text with quotes
   * around name and value may itself be a command, of which only the first word is the value.
   */
  private boolean mayBeWhole(Word word, int from) {
    if (!isArguments && view.quotes()[view.places()[word.start()]] == 0) {
      return true;
    }
    for (int i = from; i < word.end(); i++) {
      if (" \t\n;|&()<>".indexOf(view.text().charAt(i)) >= 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNamePart(char c) {
    return Characters.TOKEN.has(c);
  }

  /** Adds the constant beginning of a value, if it is a secret. */
  private void add(String detector, String name, int start, int end) {
    int expansion = view.text().indexOf(ShellView.EXPANSION, start);
    int stop = expansion >= 0 && expansion < end ? expansion : end;
    int newline = view.text().indexOf('\n', start);
    stop = newline >= 0 && newline < stop ? newline : stop;
    if (stop > start && Names.isSecretValue(name, view.text().substring(start, stop))) {
      found.add(new Found(start, stop, detector, true));
    }
  }
}
