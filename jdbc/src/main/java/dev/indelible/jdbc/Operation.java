// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static dev.indelible.jdbc.SqlStatement.words;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The effect of a statement on its target. */
enum Operation {
  INSERT("insert"),
  UPDATE("update"),
  DELETE("delete"),
  REPLACE("replace"),
  MERGE("merge"),
  TRUNCATE("truncate"),
  DDL("create alter drop rename comment grant revoke"),
  CALL("call exec execute"),
  OTHER("copy upsert into");

  /** Operations, keyed by the verbs that begin their statements. */
  static final Map<String, Operation> BY_VERB = byVerb();

  private final Set<String> verbs;

  Operation(String verbs) {
    this.verbs = words(verbs);
  }

  /** Returns the name in the record. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, Operation> byVerb() {
    Map<String, Operation> operations = new HashMap<>();
    Arrays.stream(values()).forEach(o -> o.verbs.forEach(verb -> operations.put(verb, o)));
    return Map.copyOf(operations);
  }
}
