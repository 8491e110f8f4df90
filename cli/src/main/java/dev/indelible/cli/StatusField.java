// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * One field of the status.
 *
 * @param name its name for a person; empty if only JSON has it
 * @param text its value for a person
 * @param member its name in JSON; empty if JSON does not have it
 * @param json writes its value in JSON
 */
record StatusField(String name, String text, String member, Consumer<CanonicalWriter> json) {
  static final String UNREADABLE = "(unreadable)";

  static StatusField number(String name, String member, Optional<Long> value) {
    return new StatusField(name, text(value), member, number(value));
  }

  static StatusField textOnly(String name, String text) {
    return new StatusField(name, text, "", out -> {});
  }

  static StatusField jsonOnly(String member, Consumer<CanonicalWriter> json) {
    return new StatusField("", "", member, json);
  }

  static Consumer<CanonicalWriter> number(Optional<Long> value) {
    return out -> out.nullable(value, out::number);
  }

  static String text(Optional<Long> value) {
    return value.map(number -> text("%,d", number)).orElse(UNREADABLE);
  }

  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static Optional<Long> boxed(OptionalLong value) {
    return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
  }
}
