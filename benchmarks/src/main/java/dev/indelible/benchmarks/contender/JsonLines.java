// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes an event as a line of JSON, with the bytes that Indelible records. Used by contenders that
 * write files or messages.
 */
final class JsonLines {
  private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");

  private JsonLines() {}

  static String line(DeferredAuditEvent event) {
    return new String(event.canonicalBytes(), StandardCharsets.UTF_8);
  }

  /** Passes the id in a line to {@code id}, if the line is complete. */
  static void readId(String line, Consumer<String> id) {
    Matcher matcher = ID.matcher(line);
    if (line.endsWith("}") && matcher.find()) {
      id.accept(matcher.group(1));
    }
  }

  static void forEachId(Path file, Consumer<String> id) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        readId(line, id);
      }
    }
  }
}
