// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.redaction.ShellView.Word;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the secrets among the words of a command: values of assignments and options with a secret
 * name, headers, and the options of some programs, for example {@code curl -u}.
 */
final class Words {
  private static final String OPTION = "password_option";

  /** How an option of a program gives a password. */
  private enum Form {
    /** The next word, or the rest of the word, is {@code user:password}. */
    USER_AND_PASSWORD,
    /** The next word, or the rest of the word, is the password. */
    PASSWORD,
    /** The rest of the word is the password; without a rest the program asks. */
    ATTACHED
  }

  private static final Map<String, Form> CURL =
      Map.of(
          "-u", Form.USER_AND_PASSWORD,
          "--user", Form.USER_AND_PASSWORD,
          "-U", Form.USER_AND_PASSWORD,
          "--proxy-user", Form.USER_AND_PASSWORD);

  private static final Map<String, Form> ATTACHED_P = Map.of("-p", Form.ATTACHED);

  /** The options that give a password, by program; short options are also read attached. */
  private static final Map<String, Map<String, Form>> PROGRAMS =
      Map.ofEntries(
          Map.entry("curl", CURL),
          Map.entry("http", Map.of("-a", Form.USER_AND_PASSWORD, "--auth", Form.USER_AND_PASSWORD)),
          Map.entry(
              "https", Map.of("-a", Form.USER_AND_PASSWORD, "--auth", Form.USER_AND_PASSWORD)),
          Map.entry("mysql", ATTACHED_P),
          Map.entry("mysqldump", ATTACHED_P),
          Map.entry("mysqladmin", ATTACHED_P),
          Map.entry("mariadb", ATTACHED_P),
          Map.entry("sshpass", Map.of("-p", Form.PASSWORD)),
          Map.entry("redis-cli", Map.of("-a", Form.PASSWORD)),
          Map.entry("mongosh", Map.of("-p", Form.PASSWORD)),
          Map.entry("docker", Map.of("-p", Form.PASSWORD)),
          Map.entry("podman", Map.of("-p", Form.PASSWORD)),
          Map.entry("sqlcmd", Map.of("-P", Form.PASSWORD)),
          Map.entry("smbclient", Map.of("-U", Form.USER_AND_PASSWORD)));

  /** Programs whose {@code -p} is a password only in this subcommand; elsewhere it is a port. */
  private static final Set<String> WITH_LOGIN = Set.of("docker", "podman");

  /** Options after which a command follows. */
  private static final Set<String> BEFORE_COMMANDS =
      Set.of("--", "-exec", "-execdir", "-ok", "-it", "-ti", "-i", "-t", "-E", "-n");

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
    String program = "";
    boolean hasLogin = false;
    for (int i = 0; i < words.size(); i++) {
      Word word = words.get(i);
      boolean isFirst = i == 0 || view.endsCommand(command, words.get(i - 1), word);
      if (isFirst) {
        program = "";
        hasLogin = false;
      }
      String text = text(word);
      String name = text.substring(text.lastIndexOf('/') + 1);
      if (PROGRAMS.containsKey(name) && (isFirst || !isOptionValue(words.get(i - 1)))) {
        program = name;
      }
      hasLogin |= text.equals("login");
      boolean isProgramOption =
          !program.isEmpty()
              && (hasLogin || !WITH_LOGIN.contains(program))
              && readProgramOption(PROGRAMS.get(program), i);
      if (!isProgramOption) {
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

  private boolean readProgramOption(Map<String, Form> options, int at) {
    Word word = words.get(at);
    String text = text(word);
    for (Map.Entry<String, Form> option : options.entrySet()) {
      String key = option.getKey();
      if (text.equals(key)) {
        if (option.getValue() != Form.ATTACHED && at + 1 < words.size()) {
          Word value = words.get(at + 1);
          give(option.getValue(), value.start(), value.end());
        }
        return true;
      }
      boolean isAttached = key.startsWith("--") ? text.startsWith(key + "=") : text.startsWith(key);
      if (isAttached) {
        int start = word.start() + key.length() + (key.startsWith("--") ? 1 : 0);
        give(option.getValue(), start, word.end());
        return true;
      }
    }
    return false;
  }

  private void give(Form form, int start, int end) {
    int from = start;
    if (form == Form.USER_AND_PASSWORD) {
      int colon = view.text().indexOf(':', start);
      int percent = view.text().indexOf('%', start);
      int separator = colon >= 0 && colon < end ? colon : percent;
      if (separator < 0 || separator >= end) {
        return;
      }
      from = separator + 1;
    }
    add(OPTION, "password", from, end);
  }

  /** Reads {@code NAME=value}, {@code --name=value} and {@code --name value}. */
  private void readName(int at) {
    Word word = words.get(at);
    String text = text(word);
    int end = 0;
    while (end < text.length() && isNamePart(text.charAt(end))) {
      end++;
    }
    if (end == 0 || end > 128) {
      return;
    }
    String name = text.substring(0, end);
    boolean isWhole = end == text.length();
    if (isWhole && !name.startsWith("-") && !name.equals("aws_secret_access_key")) {
      return;
    }
    if (!Names.isSecret(name)) {
      return;
    }
    if (isWhole) {
      if (at + 1 < words.size() && !text(words.get(at + 1)).startsWith("-")) {
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
