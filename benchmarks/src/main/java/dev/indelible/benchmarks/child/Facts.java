// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.load.Latencies;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The parameters of a child's task, or its results: names and values, one per line. Not
 * thread-safe.
 */
public final class Facts {
  private final Map<String, String> values = new LinkedHashMap<>();

  /** Adds a fact. */
  public Facts with(String name, Object value) {
    values.put(name, value.toString());
    return this;
  }

  /** Adds percentiles. */
  public Facts with(String name, Latencies latencies) {
    return with(name + ".p50", latencies.p50())
        .with(name + ".p99", latencies.p99())
        .with(name + ".p999", latencies.p999())
        .with(name + ".max", latencies.max());
  }

  /** Returns a value as text. */
  public String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no " + name + " in " + values);
    }
    return value;
  }

  /** Returns a value as a long. */
  public long number(String name) {
    return Long.parseLong(text(name));
  }

  /** Returns a value as an int. */
  public int count(String name) {
    return Integer.parseInt(text(name));
  }

  /** Returns a value as a path. */
  public Path path(String name) {
    return Path.of(text(name));
  }

  /** Returns a value as a duration. */
  public Duration time(String name) {
    return Duration.parse(text(name));
  }

  /** Returns percentiles. */
  public Latencies latencies(String name) {
    return new Latencies(
        number(name + ".p50"),
        number(name + ".p99"),
        number(name + ".p999"),
        number(name + ".max"));
  }

  Map<String, String> values() {
    return values;
  }

  void parse(String line) {
    int equals = line.indexOf('=');
    with(line.substring(0, equals), line.substring(equals + 1));
  }
}
