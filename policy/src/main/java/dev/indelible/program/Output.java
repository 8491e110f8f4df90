// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

/** What a program prints to its standard output. */
public enum Output {
  /** Its operands, joined by spaces. */
  OPERANDS,
  /** Its operands, formatted as {@code printf} does. */
  FORMATTED,
  /** The content of the files that it reads, or of its standard input. */
  CONTENT,
  /** The content after a change, or a part of it, as {@code sed} and {@code grep} print it. */
  CHANGED,
  /** Its standard input decoded. */
  DECODED,
  /** The content that it downloads. */
  DOWNLOAD,
  /** The environment. */
  ENVIRONMENT,
  /** The path of a temporary file or directory that it creates. */
  SCRATCH,
  /** The directory that contains its operand. */
  PARENT,
  /** The working directory. */
  WORKING_DIRECTORY,
  /** The names of all files below its operands, or below the working directory. */
  FILES,
  /** Anything else. */
  OTHER
}
