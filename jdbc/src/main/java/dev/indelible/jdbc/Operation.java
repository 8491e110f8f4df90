// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.Locale;

/** What a statement does to its target. */
enum Operation {
  INSERT,
  UPDATE,
  DELETE,
  REPLACE,
  MERGE,
  TRUNCATE,
  DDL,
  CALL,
  OTHER;

  /** The name that goes on record. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
