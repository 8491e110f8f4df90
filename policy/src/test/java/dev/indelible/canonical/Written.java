// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the notation for values in test tables: {@code «HOME»} and {@code «SCRATCH»} for these
 * origins, {@code «X»} for another variable, {@code ‹*›} for a glob.
 */
final class Written {
  private static final Pattern PIECE = Pattern.compile("«(\\w+)»|‹([^›]+)›|([^«‹]+)");

  private Written() {}

  static Value value(String written) {
    Value value = Value.EMPTY;
    Matcher matcher = PIECE.matcher(written);
    while (matcher.find()) {
      value = value.plus(piece(matcher.toMatchResult()));
    }
    return value;
  }

  private static Value piece(MatchResult match) {
    if (match.group(2) != null) {
      return new Value(List.of(new Value.Glob(match.group(2))));
    }
    if (match.group(3) != null) {
      return Value.of(match.group(3));
    }
    return switch (match.group(1)) {
      case "HOME" -> Value.unknown(Origin.HOME, "");
      case "SCRATCH" -> Value.unknown(Origin.SCRATCH, "");
      default -> Value.unknown(Origin.VARIABLE, match.group(1));
    };
  }
}
