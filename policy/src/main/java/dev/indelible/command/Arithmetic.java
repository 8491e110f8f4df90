// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import java.math.BigInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Arithmetic of the shell (bash manual 6.5) with known operands. */
final class Arithmetic {
  /** Thrown if a part of the expression is unknown; caught in {@link #evaluate}. */
  private static final class UnknownException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownException() {
      super("", null, false, false);
    }
  }

  private static final int MAX_DEPTH = 50;

  private static final String[][] LEVELS = {
    {"||"},
    {"&&"},
    {"|"},
    {"^"},
    {"&"},
    {"==", "!="},
    {"<=", ">=", "<", ">"},
    {"<<", ">>"},
    {"+", "-"},
    {"*", "/", "%"},
    {"**"}
  };

  private final String text;
  private final Variables variables;
  private int at;
  private int depth;

  /** Greater than 0 in a part that the shell parses but does not evaluate. */
  private int skipped;

  private Arithmetic(String text, Variables variables) {
    this.text = text;
    this.variables = variables;
  }

  /** Variables that an expression reads and assigns. */
  interface Variables {
    /** Returns the text of a variable; null if it is unknown. */
    @Nullable String get(String name);

    /** Assigns a variable; null if the value is unknown. */
    void set(String name, @Nullable String value);
  }

  /** Returns the value; null if it is unknown. */
  static @Nullable Long evaluate(String text, Variables variables) {
    Arithmetic arithmetic = new Arithmetic(text, variables);
    try {
      long value = arithmetic.comma();
      arithmetic.blanks();
      return arithmetic.at == text.length() ? value : null;
    } catch (UnknownException e) {
      arithmetic.forgetAssigned();
      return null;
    }
  }

  /** Marks the variables that an expression may have assigned as unknown. */
  private void forgetAssigned() {
    for (int i = 0; i < text.length(); i++) {
      int end = nameEnd(i);
      if (end > i) {
        boolean isAfter = i >= 2 && (text.startsWith("++", i - 2) || text.startsWith("--", i - 2));
        int next = end;
        while (next < text.length() && text.charAt(next) == ' ') {
          next++;
        }
        boolean isBefore =
            text.startsWith("++", next)
                || text.startsWith("--", next)
                || text.startsWith("=", next) && !text.startsWith("==", next)
                || next + 1 < text.length()
                    && text.charAt(next + 1) == '='
                    && "+-*/%&|^".indexOf(text.charAt(next)) >= 0;
        if (isAfter || isBefore) {
          variables.set(text.substring(i, end), null);
        }
        i = end - 1;
      }
    }
  }

  private int nameEnd(int from) {
    int i = from;
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean isLetter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
      if (!isLetter && (i == from || c < '0' || c > '9')) {
        break;
      }
      i++;
    }
    return i;
  }

  private long comma() {
    long value = assignment();
    while (accept(",")) {
      value = assignment();
    }
    return value;
  }

  private long assignment() {
    if (++depth > MAX_DEPTH) {
      throw new UnknownException();
    }
    long value = assigned();
    depth--;
    return value;
  }

  private long assigned() {
    blanks();
    int start = at;
    int end = nameEnd(at);
    if (end > at) {
      String name = text.substring(at, end);
      at = end;
      blanks();
      if (text.startsWith("=", at) && !text.startsWith("==", at)) {
        at++;
        return set(name, assignment());
      }
      for (String operator : new String[] {"+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"}) {
        if (accept(operator + "=")) {
          return set(name, apply(operator, variable(name), assignment()));
        }
      }
      at = start;
    }
    return conditional();
  }

  private long set(String name, long value) {
    if (skipped == 0) {
      variables.set(name, Long.toString(value));
    }
    return value;
  }

  private long conditional() {
    long condition = binary(0);
    if (!accept("?")) {
      return condition;
    }
    long then = evaluateIf(condition != 0, this::assignment);
    if (!accept(":")) {
      throw new UnknownException();
    }
    long otherwise = evaluateIf(condition == 0, this::assignment);
    return condition != 0 ? then : otherwise;
  }

  private long evaluateIf(boolean condition, LongSupplier part) {
    skipped += condition ? 0 : 1;
    long value = part.getAsLong();
    skipped -= condition ? 0 : 1;
    return value;
  }

  private long binary(int level) {
    if (level == LEVELS.length) {
      return unary();
    }
    long value = binary(level + 1);
    while (true) {
      String operator = operator(level);
      if (operator.isEmpty()) {
        return value;
      }
      at += operator.length();
      boolean isDecided =
          operator.equals("||") && value != 0 || operator.equals("&&") && value == 0;
      // Powers alone associate to the right.
      int next = operator.equals("**") ? level : level + 1;
      value = apply(operator, value, evaluateIf(!isDecided, () -> binary(next)));
    }
  }

  private String operator(int level) {
    blanks();
    for (String each : LEVELS[level]) {
      if (text.startsWith(each, at)) {
        char after = at + each.length() < text.length() ? text.charAt(at + each.length()) : ' ';
        boolean isLonger =
            after == '=' && !each.endsWith("=")
                || each.length() == 1 && after == each.charAt(0) && "|&<>*".indexOf(after) >= 0;
        if (!isLonger) {
          return each;
        }
      }
    }
    return "";
  }

  private long apply(String operator, long left, long right) {
    return switch (operator) {
      case "/" -> left / divisor(right);
      case "%" -> left % divisor(right);
      case "**" -> power(left, right);
      case "||" -> left != 0 || right != 0 ? 1 : 0;
      case "&&" -> left != 0 && right != 0 ? 1 : 0;
      case "|" -> left | right;
      case "^" -> left ^ right;
      case "&" -> left & right;
      case "==" -> left == right ? 1 : 0;
      case "!=" -> left != right ? 1 : 0;
      case "<=" -> left <= right ? 1 : 0;
      case ">=" -> left >= right ? 1 : 0;
      case "<" -> left < right ? 1 : 0;
      case ">" -> left > right ? 1 : 0;
      case "<<" -> left << right;
      case ">>" -> left >> right;
      case "+" -> left + right;
      case "-" -> left - right;
      default -> left * right;
    };
  }

  private long divisor(long value) {
    if (value == 0 && skipped == 0) {
      throw new UnknownException();
    }
    return value == 0 ? 1 : value;
  }

  /** Returns a power modulo 2^64, as bash does. */
  private static long power(long base, long exponent) {
    if (exponent < 0) {
      throw new UnknownException();
    }
    return BigInteger.valueOf(base)
        .modPow(BigInteger.valueOf(exponent), BigInteger.ONE.shiftLeft(Long.SIZE))
        .longValue();
  }

  private long unary() {
    if (++depth > MAX_DEPTH) {
      throw new UnknownException();
    }
    long value = prefixed();
    depth--;
    return value;
  }

  private long prefixed() {
    blanks();
    for (String step : new String[] {"++", "--"}) {
      int end = text.startsWith(step, at) ? nameEnd(at + 2) : -1;
      if (end > at + 2) {
        String name = text.substring(at + 2, end);
        at = end;
        return set(name, variable(name) + (step.equals("++") ? 1 : -1));
      }
    }
    if (accept("!")) {
      return unary() == 0 ? 1 : 0;
    }
    if (accept("-")) {
      return -unary();
    }
    if (accept("+")) {
      return unary();
    }
    if (accept("~")) {
      return ~unary();
    }
    if (accept("(")) {
      long value = comma();
      if (!accept(")")) {
        throw new UnknownException();
      }
      return value;
    }
    return operand();
  }

  private long operand() {
    int end = nameEnd(at);
    if (end > at) {
      String name = text.substring(at, end);
      at = end;
      long value = variable(name);
      if (accept("++")) {
        set(name, value + 1);
      } else if (accept("--")) {
        set(name, value - 1);
      }
      return value;
    }
    int start = at;
    while (at < text.length()
        && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '#')) {
      at++;
    }
    return number(text.substring(start, at));
  }

  private long variable(String name) {
    if (skipped > 0) {
      return 0;
    }
    String value = variables.get(name);
    if (value == null) {
      throw new UnknownException();
    }
    return value.isBlank() ? 0 : number(value.trim());
  }

  private static long number(String text) {
    try {
      boolean isNegative = text.startsWith("-");
      String digits = isNegative ? text.substring(1) : text;
      int hash = digits.indexOf('#');
      long value;
      if (hash > 0) {
        int radix = Integer.parseInt(digits.substring(0, hash));
        value = Long.parseLong(digits.substring(hash + 1), radix);
      } else if (digits.startsWith("0x") || digits.startsWith("0X")) {
        value = Long.parseLong(digits.substring(2), 16);
      } else {
        boolean isOctal = digits.length() > 1 && digits.charAt(0) == '0';
        value = Long.parseLong(digits, isOctal ? 8 : 10);
      }
      return isNegative ? -value : value;
    } catch (NumberFormatException e) {
      throw new UnknownException();
    }
  }

  private boolean accept(String expected) {
    blanks();
    boolean found = text.startsWith(expected, at);
    at += found ? expected.length() : 0;
    return found;
  }

  private void blanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }
}
