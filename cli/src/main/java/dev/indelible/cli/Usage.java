// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Converts arguments, and describes the errors of a command line. */
final class Usage {
  private Usage() {}

  static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("the path is empty");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' cannot be a path: " + e.getReason());
    }
  }

  static Long wholeNumber(String text) {
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is not a whole number");
    }
  }

  static Integer count(String text) {
    long number = wholeNumber(text);
    if (number < Integer.MIN_VALUE || number > Integer.MAX_VALUE) {
      throw new TypeConversionException("'" + text + "' is too large a number");
    }
    return (int) number;
  }

  /** Describes an argument that no verb takes. */
  static String unmatched(UnmatchedArgumentException wrong) {
    String argument = wrong.getUnmatched().get(0);
    List<String> similar = wrong.getSuggestions();
    String instead = similar.isEmpty() ? "" : " (did you mean '" + similar.get(0) + "'?)";
    if (wrong.isUnknownOption()) {
      return "unknown option '" + argument + "'" + instead;
    }
    return wrong.getCommandLine().getSubcommands().isEmpty()
        ? "one argument too many: '" + argument + "'"
        : "unknown verb '" + argument + "'" + instead;
  }

  static String describe(ParameterException wrong) {
    String message = String.valueOf(wrong.getMessage()).lines().findFirst().orElse("wrong usage");
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }
}
