// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

/** How certainly a pattern matches an operation on a path or host. */
public enum Relation {
  /** The operation does not reach what the pattern names. */
  NO,
  /** A part of the path or host is unknown, and may make the operation reach it. */
  MAYBE,
  /** The operation reaches what the pattern names, if that exists. */
  YES
}
