// SPDX-License-Identifier: Apache-2.0
package dev.indelible.value;

/** Source of a text that is unknown before the command runs. */
public enum Origin {
  /** The home directory of the user who runs the command. */
  HOME,
  /** A fresh temporary directory or file, or the directory for temporary files. */
  SCRATCH,
  /** A variable or positional parameter that the script does not set. */
  VARIABLE,
  /** All variables of the environment, as {@code env} prints them. */
  ENVIRONMENT,
  /** The content of a file; the detail is its path. */
  FILE,
  /** A download; the detail is the URL or host. */
  NETWORK,
  /** The output of a decoder, for example of {@code base64 -d}. */
  DECODED,
  /** The standard input of the whole script. */
  INPUT,
  /** The output of another command, or a computation. */
  OUTPUT
}
