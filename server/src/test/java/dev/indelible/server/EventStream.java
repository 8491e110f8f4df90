// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.json.CanonicalJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads server-sent events as the HTML standard describes them. Requires that rows and gaps cover
 * the chain without an overlap.
 */
final class EventStream implements AutoCloseable {
  /**
   * An event.
   *
   * @param type its type, for example {@code row}
   */
  record Event(String type, JsonNode data) {}

  private final BufferedReader lines;

  /** The sequence number of the last row that the last event covers. A client resumes from here. */
  private long position = -1;

  private long rows;

  EventStream(InputStream in) {
    this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  long position() {
    return position;
  }

  /** Returns the number of rows that were read. */
  long rows() {
    return rows;
  }

  /** Returns the next event; empty at the end of the stream. */
  Optional<Event> next() throws IOException {
    String type = "message";
    StringBuilder data = new StringBuilder();
    long id = position;
    while (true) {
      String line = lines.readLine();
      if (line == null) {
        return Optional.empty();
      } else if (line.startsWith("id: ")) {
        id = Long.parseLong(line.substring(4));
      } else if (line.startsWith("event: ")) {
        type = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data.append(line.substring(6));
      } else if (line.isEmpty() && data.isEmpty()) {
        position = id;
      } else if (line.isEmpty()) {
        return Optional.of(checked(type, data.toString(), id));
      }
    }
  }

  private Event checked(String type, String data, long id) {
    JsonNode json;
    try {
      json = CanonicalJson.read(data);
    } catch (Exception e) {
      throw new AssertionError(data, e);
    }
    if (type.equals("row")) {
      assertThat(json.path("sequence").asLong()).isEqualTo(position + 1).isEqualTo(id);
      rows++;
    } else if (type.equals("gap")) {
      long from = json.path("from").asLong();
      assertThat(from).isEqualTo(position + 1);
      assertThat(json.path("to").asLong()).isEqualTo(id);
      assertThat(json.path("count").asLong()).isEqualTo(id - from + 1).isPositive();
    }
    position = id;
    return new Event(type, json);
  }

  /** Reads events until one covers a row. */
  void readTo(long sequence) throws IOException {
    while (position < sequence) {
      assertThat(next()).as("the stream ended at row %s", position).isPresent();
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
