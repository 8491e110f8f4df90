// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * One field of the status.
 *
 * @param name its name in text; empty if only JSON has it
 * @param text its value in text
 * @param member its name in JSON; empty if only text has it
 * @param json writes its value in JSON
 */
record StatusField(String name, String text, String member, Consumer<CanonicalWriter> json) {
  static final String UNREADABLE = "(unreadable)";

  /** Returns the field of a number whose name is the same in text and JSON. */
  static StatusField number(String name, Optional<Long> value) {
    return new StatusField(name, text(value), name, number(value));
  }

  /** Returns a field that is an object in JSON, or null if its value is empty. */
  static <T> StatusField object(
      String name, Optional<T> value, String text, BiConsumer<CanonicalWriter, T> members) {
    return new StatusField(
        name, text, name, out -> out.object(value, known -> members.accept(out, known)));
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
    return value.map("%,d"::formatted).orElse(UNREADABLE);
  }

  static Optional<Long> boxed(OptionalLong value) {
    return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
  }
}
