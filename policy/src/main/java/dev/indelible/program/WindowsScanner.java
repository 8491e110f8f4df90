// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import dev.indelible.value.Value.Unknown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the commands in text for PowerShell and for cmd, and a few calls of .NET. Long because the
 * two quote differently and run each other's text.
 */
final class WindowsScanner {
  private static final Set<String> DELETING =
      Set.of("remove-item", "ri", "rm", "del", "rd", "erase", "rmdir", "clear-content");

  private static final Set<String> EVALUATING = Set.of("iex", "invoke-expression");

  private static final Set<String> CMD_KEYWORDS = Set.of("call", "@echo", "else", "do", "not");

  private static final Value APP_DATA = Values.HOME.plus(Value.of("\\AppData\\Roaming"));
  private static final Value LOCAL_APP_DATA = Values.HOME.plus(Value.of("\\AppData\\Local"));
  private static final Value COMPUTED = Value.unknown(Origin.OUTPUT, "");

  private final boolean isPowerShell;
  private final Encoded encoded;
  private final String text;
  private final Uses uses;
  private final Map<String, Value> variables = new HashMap<>();
  private List<Value> words = new ArrayList<>();
  private List<Value> previous = List.of();

  /** Null until the first look-up; then empty if there is no URL. */
  private @Nullable String url;

  private boolean startsWithString;
  private int at;

  private WindowsScanner(boolean isPowerShell, Value code, Uses uses) {
    this.isPowerShell = isPowerShell;
    encoded = new Encoded(isPowerShell ? withVariables(code) : code);
    text = encoded.text();
    this.uses = uses;
  }

  static void scan(String language, Value code, Uses uses) {
    new WindowsScanner(language.equals("powershell"), code, uses).scan();
  }

  /**
   * Returns code with the variables that another shell would expand as variables of PowerShell:
   * whoever writes {@code powershell -c "$env:TEMP"} means those.
   */
  private static Value withVariables(Value code) {
    Value.Builder all = new Value.Builder();
    for (Piece piece : code.pieces()) {
      boolean isVariable =
          piece instanceof Unknown unknown
              && unknown.origin() == Origin.VARIABLE
              && unknown.detail().matches("[A-Za-z_]\\w*");
      all.add(isVariable ? new Known("$" + ((Unknown) piece).detail()) : piece);
    }
    return all.build();
  }

  private void scan() {
    if (isPowerShell) {
      dotNet();
    }
    while (at < text.length()) {
      char c = text.charAt(at);
      if (isPowerShell && text.startsWith("<#", at)) {
        int end = text.indexOf("#>", at);
        at = end < 0 ? text.length() : end + 2;
      } else if (isPowerShell && c == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (c == '|' && !text.startsWith("||", at)) {
        end(true);
        at++;
      } else if (isSeparator(c)) {
        end(false);
        at++;
      } else if (Character.isWhitespace(c)
          || c == ',' && isPowerShell
          || c == '@' && words.isEmpty()) {
        at++;
      } else if (c == '>' || c == '<') {
        redirection(c);
      } else {
        startsWithString |= words.isEmpty() && (c == '"' || c == '\'');
        words.add(word());
      }
    }
    end(false);
  }

  private boolean isSeparator(char c) {
    return c == '\n'
        || c == '&' && !(isPowerShell && words.isEmpty())
        || c == '|'
        || c == ';' && isPowerShell
        || c == '('
        || c == ')'
        || isPowerShell && (c == '{' || c == '}');
  }

  private void redirection(char direction) {
    while (at < text.length()
        && (text.charAt(at) == direction || Character.isWhitespace(text.charAt(at)))) {
      at++;
    }
    if (at < text.length() && text.charAt(at) != '&' && !isSeparator(text.charAt(at))) {
      uses.add(direction == '>' ? Role.WRITES : Role.READS, word());
    } else if (at < text.length() && text.charAt(at) == '&') {
      at += 2;
    }
  }

  private Value word() {
    List<Piece> pieces = new ArrayList<>();
    StringBuilder out = new StringBuilder();
    char quote = '\0';
    int start = at;
    int size = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (quote == '\0') {
        boolean ends =
            Character.isWhitespace(c)
                || isSeparator(c) && !(isPowerShell && c == '&' && at == start)
                || c == '>'
                || c == '<';
        if (ends || c == ',' && isPowerShell) {
          break;
        }
      }
      if (c == quote) {
        quote = '\0';
        at++;
      } else if (quote == '\0' && (c == '"' || c == '\'' && isPowerShell)) {
        quote = c;
        at++;
      } else if (joinsStrings(quote, c)) {
        at++;
      } else if (quote != '\'' && c == (isPowerShell ? '`' : '^') && at + 1 < text.length()) {
        out.append(text.charAt(at + 1));
        at += 2;
      } else if (quote != '\'' && c == '$' && isPowerShell && isVariable(at + 1)) {
        flush(out, pieces);
        Value variable = variable();
        size += variable.size();
        pieces.addAll(size <= Values.MAX_JOINED ? variable.pieces() : COMPUTED.pieces());
      } else if (!isPowerShell && c == '%' && percentEnd() > 0) {
        flush(out, pieces);
        pieces.addAll(percentVariable().pieces());
      } else if (c == '~'
          && out.length() == 0
          && pieces.isEmpty()
          && isPowerShell
          && quote == '\0') {
        pieces.add(new Unknown(Origin.HOME, ""));
        at++;
      } else {
        out.append(c);
        at++;
      }
    }
    if (at == start) {
      at++;
    }
    flush(out, pieces);
    return new Value(pieces);
  }

  /** Returns true if the character is the plus sign of {@code 'a'+'b'}. */
  private boolean joinsStrings(char quote, char c) {
    return isPowerShell
        && quote == '\0'
        && c == '+'
        && at > 0
        && at + 1 < text.length()
        && "'\"".indexOf(text.charAt(at - 1)) >= 0
        && "'\"".indexOf(text.charAt(at + 1)) >= 0;
  }

  private void flush(StringBuilder out, List<Piece> pieces) {
    for (Piece piece : encoded.value(out.toString()).pieces()) {
      pieces.addAll(
          piece instanceof Known known ? Values.globbed(known.text()).pieces() : List.of(piece));
    }
    out.setLength(0);
  }

  private boolean isVariable(int from) {
    return from < text.length()
        && (Character.isLetter(text.charAt(from))
            || text.charAt(from) == '_'
            || text.charAt(from) == '{');
  }

  private Value variable() {
    int from = at + 1;
    boolean isBraced = text.charAt(from) == '{';
    int end = isBraced ? from + 1 : from;
    while (end < text.length()
        && (Character.isLetterOrDigit(text.charAt(end)) || "_:".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    String name = text.substring(isBraced ? from + 1 : from, end).toLowerCase(Locale.ROOT);
    at = isBraced && end < text.length() ? end + 1 : end;
    Value constant = variables.get(name);
    if (constant != null) {
      return constant;
    }
    return switch (name) {
      case "home", "env:userprofile", "env:home", "env:homepath" -> Values.HOME;
      case "env:appdata" -> APP_DATA;
      case "env:localappdata" -> LOCAL_APP_DATA;
      case "env:temp", "env:tmp" -> Value.unknown(Origin.SCRATCH, "");
      case "true", "false", "null" -> Value.of(name);
      case "profile" -> Values.path("~/Documents/PowerShell/profile.ps1");
      case "env:systemdrive" -> Value.of("C:");
      case "env:systemroot", "env:windir" -> Value.of("C:\\Windows");
      default -> Value.unknown(Origin.VARIABLE, name);
    };
  }

  private int percentEnd() {
    int end = text.indexOf('%', at + 1);
    return end > at + 1
            && text.substring(at + 1, end)
                .chars()
                .allMatch(c -> Character.isLetterOrDigit(c) || c == '_')
        ? end
        : -1;
  }

  private Value percentVariable() {
    int end = percentEnd();
    String name = text.substring(at + 1, end).toUpperCase(Locale.ROOT);
    at = end + 1;
    return switch (name) {
      case "USERPROFILE", "HOMEPATH", "HOME" -> Values.HOME;
      case "APPDATA" -> APP_DATA;
      case "LOCALAPPDATA" -> LOCAL_APP_DATA;
      case "HOMEDRIVE" -> Value.EMPTY;
      case "TEMP", "TMP" -> Value.unknown(Origin.SCRATCH, "");
      case "SYSTEMDRIVE" -> Value.of("C:");
      case "SYSTEMROOT", "WINDIR" -> Value.of("C:\\Windows");
      default -> Value.unknown(Origin.VARIABLE, name);
    };
  }

  /** Ends a command; in a pipeline, its operands may become operands of the next command. */
  private void end(boolean isPipe) {
    List<Value> command = words;
    words = new ArrayList<>();
    boolean isExpression = startsWithString && isPowerShell;
    startsWithString = false;
    boolean isCalled = false;
    while (!command.isEmpty() && isNoCommand(command.get(0))) {
      isCalled = true;
      command.remove(0);
    }
    if (isExpression && !isCalled) {
      return;
    }
    if (!isPowerShell) {
      int keyword = lastKeyword(command);
      command = command.subList(keyword + 1, command.size());
    }
    if (command.isEmpty()) {
      return;
    }
    if (isPowerShell && assigns(command)) {
      return;
    }
    Value name = command.get(0);
    String lower = Values.isKnown(name) ? name.prefix().toLowerCase(Locale.ROOT) : "";
    if (EVALUATING.contains(lower)) {
      evaluate(command);
    } else if (!lower.isEmpty()
        && (Character.isLetter(lower.charAt(0)) || ".\\/\"".indexOf(lower.charAt(0)) >= 0)) {
      List<Value> run = new ArrayList<>();
      run.add(isPowerShell ? Value.of(lower) : lower.equals("type") ? Value.of("cat") : name);
      for (Value argument : command.subList(1, command.size())) {
        run.add(withoutSwitchValue(argument));
      }
      if (DELETING.contains(lower) && isPowerShell && !hasOperand(run)) {
        addOperands(previous, run);
      }
      if (lower.equals("start-process") && mentions(run, "runas")) {
        uses.add(Role.GAINS_PRIVILEGE, "runs as administrator");
      }
      uses.add(Role.RUNS_COMMAND, run, "", false, false);
    } else if (!Values.isKnown(name) && isCalled) {
      uses.add(Role.HIDES, "a computed command name");
    }
    previous = isPipe ? command : List.of();
  }

  private static boolean isNoCommand(Value word) {
    return Values.is(word, "&") || Values.is(word, ".") || word.pieces().isEmpty();
  }

  /**
   * Returns the index of the last word before the command in a line of cmd, for example {@code
   * else}; -1 if there is none.
   */
  private static int lastKeyword(List<Value> command) {
    int found = -1;
    for (int i = 0; i < command.size(); i++) {
      String word = command.get(i).prefix().toLowerCase(Locale.ROOT);
      if (CMD_KEYWORDS.contains(word) && (i == 0 || !word.equals("call"))) {
        found = i;
      } else if (i == 0 && word.equals("if")) {
        boolean isExist = command.size() > 2 && Values.is(command.get(1), "exist");
        found = Math.min(command.size() - 1, isExist ? 2 : 1);
      }
    }
    return found;
  }

  private boolean assigns(List<Value> command) {
    List<Value> parts = Values.cut(command.get(0), '=');
    if (parts.size() == 2 && parts.get(0).pieces().size() == 1) {
      if (parts.get(0).pieces().get(0) instanceof Unknown unknown && command.size() == 1) {
        variables.put(unknown.detail(), parts.get(1));
        return true;
      }
    }
    if (command.size() < 2 || !Values.is(command.get(1), "=")) {
      return false;
    }
    if (command.get(0).pieces().size() == 1
        && command.get(0).pieces().get(0) instanceof Unknown unknown
        && command.size() == 3) {
      variables.put(unknown.detail(), command.get(2));
    }
    return command.size() == 3;
  }

  private void evaluate(List<Value> command) {
    if (url == null) {
      url = url().orElse("");
    }
    if (!url.isEmpty()) {
      uses.add(Role.CONTACTS, Value.of(url));
      uses.add(Role.RUNS_CODE, Value.unknown(Origin.NETWORK, url), "powershell");
    } else if (command.size() == 2 && Values.isKnown(command.get(1))) {
      new WindowsScanner(true, command.get(1), uses).scan();
    } else {
      uses.add(Role.HIDES, "Invoke-Expression of computed text");
    }
  }

  /** Returns the first URL in the text. */
  private Optional<String> url() {
    int at = text.indexOf("http://") >= 0 ? text.indexOf("http://") : text.indexOf("https://");
    if (at < 0) {
      return Optional.empty();
    }
    int end = at;
    while (end < text.length() && "\"' )|;,\n".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    return Optional.of(text.substring(at, end));
  }

  /** Returns {@code -Recurse} for {@code -Recurse:$true}. */
  private static Value withoutSwitchValue(Value argument) {
    String text = argument.prefix();
    if (Values.isKnown(argument) && text.startsWith("-") && text.indexOf(':') > 0) {
      return Value.of(text.substring(0, text.indexOf(':')));
    }
    return argument;
  }

  private static boolean hasOperand(List<Value> command) {
    for (Value argument : command.subList(1, command.size())) {
      if (!argument.prefix().startsWith("-")) {
        return true;
      }
    }
    return false;
  }

  private static void addOperands(List<Value> from, List<Value> to) {
    for (int i = 1; i < from.size(); i++) {
      if (!from.get(i).prefix().startsWith("-")) {
        to.add(from.get(i));
      }
    }
  }

  private static boolean mentions(List<Value> command, String word) {
    return command.stream().anyMatch(value -> value.prefix().equalsIgnoreCase(word));
  }

  /** Finds .NET calls, for example <code>[IO.File]::Delete('x')</code>. */
  private void dotNet() {
    String lower = text.toLowerCase(Locale.ROOT);
    dotNet(lower, "]::delete(", Role.DELETES);
    dotNet(lower, "]::writealltext(", Role.WRITES);
    dotNet(lower, "]::writeallbytes(", Role.WRITES);
    dotNet(lower, "]::readalltext(", Role.READS);
    dotNet(lower, "]::readallbytes(", Role.READS);
    dotNet(lower, ".downloadstring(", Role.CONTACTS);
    dotNet(lower, ".downloadfile(", Role.CONTACTS);
    runsDownload(lower);
    if (lower.contains("[environment]::getenvironmentvariables(")) {
      uses.add(Role.READS, Value.of("/proc/self/environ"));
    }
    dotNet(lower, ".uploadfile(", Role.CONTACTS);
    dotNet(lower, "]::start(", Role.RUNS_SHELL);
    if (lower.contains("sockets.tcpclient")
        && lower.matches("(?s).*\\b(iex|invoke-expression|getstream|start-process)\\b.*")) {
      uses.add(Role.GAINS_PRIVILEGE, "a program for a host");
    }
    if (lower.contains("[scriptblock]::create(")) {
      evaluate(List.of(COMPUTED, COMPUTED));
    }
    if (lower.contains("frombase64string")
        && lower.matches("(?s).*\\b(iex|invoke-expression|invoke|assembly)\\b.*")) {
      uses.add(Role.HIDES, "decoded code");
    }
  }

  /** Finds a file that code downloads and then names again, as a program. */
  private void runsDownload(String lower) {
    int call = lower.indexOf(".downloadfile(");
    int end = call < 0 ? -1 : lower.indexOf(')', call);
    if (end < 0) {
      return;
    }
    String[] strings = lower.substring(call, end).split("['\"]");
    String file = strings.length > 3 ? strings[3] : "";
    String name = file.substring(Math.max(file.lastIndexOf('\\'), file.lastIndexOf('/')) + 1);
    if (!name.isEmpty() && lower.indexOf(name, end) >= 0) {
      uses.add(Role.RUNS_CODE, Value.unknown(Origin.NETWORK, strings[1]), "powershell");
    }
  }

  private void dotNet(String lower, String call, Role role) {
    for (int i = lower.indexOf(call); i >= 0; i = lower.indexOf(call, i + 1)) {
      int open = i + call.length();
      if (open < text.length() && "'\"".indexOf(text.charAt(open)) >= 0) {
        int close = text.indexOf(text.charAt(open), open + 1);
        if (close > 0) {
          Value argument = encoded.value(text.substring(open + 1, close));
          boolean below =
              role == Role.DELETES
                  && lower.startsWith(",$true", close + 1) | lower.startsWith(", $true", close + 1);
          uses.add(role, List.of(argument), "", below, false);
        }
      }
    }
  }
}
