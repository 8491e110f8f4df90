// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

/** What a program does with an argument. */
public enum Role {
  /** Deletes the path, or destroys its content. */
  DELETES,
  /**
   * Creates or changes the path, its content, mode or owner; the detail is {@code mode}, {@code
   * owner} or {@code own owner} if the content is not changed.
   */
  WRITES,
  /**
   * Creates the first path as a link to the second, which is relative to the place of the link, or
   * to the working directory if the detail ends in {@code from here}. The detail begins with {@code
   * new link} if no file is replaced.
   */
  LINKS,
  /** Reads the content of the path. */
  READS,
  /** Connects to the host or URL. */
  CONTACTS,
  /**
   * Sends the argument itself, or the standard input if the argument is {@code -}, to the host that
   * the program connects to.
   */
  SENDS,
  /** Sends the content of the path to the host that the program connects to. */
  SENDS_FILE,
  /**
   * Runs the first argument as the text of a shell script; the others are its positional parameters
   * from {@code $0} on. The detail is the machine, as for {@link #RUNS_COMMAND}.
   */
  RUNS_SHELL,
  /**
   * Runs the arguments as a command and its arguments; the detail is the machine: empty for this
   * machine, otherwise for example {@code container alpine} or {@code host db1}.
   */
  RUNS_COMMAND,
  /**
   * Runs the arguments as a command, with words or lines of the standard input added; the detail is
   * the placeholder that they replace, empty if they are added at the end.
   */
  RUNS_FOR_EACH,
  /** Runs the argument as code of another language; the detail names it. */
  RUNS_CODE,
  /**
   * Runs the first argument, a file, as code; the others are its arguments. The detail names the
   * language ({@code shell} for shells); it is empty if the file's first line decides.
   */
  RUNS_FILE,
  /** Runs the standard input as code; the detail names the language, as {@link #RUNS_FILE} does. */
  RUNS_INPUT,
  /** Sends the argument to a database as SQL. */
  RUNS_SQL,
  /** Mounts the first path, on this machine, at the second path in the container that it starts. */
  MOUNTS,
  /** Works in this directory: the relative paths of the program's other uses start there. */
  WORKS_IN,
  /** Sets a variable of the environment, as {@code NAME=VALUE}. */
  SETS,
  /** Obtains the rights of another user, or grants rights; the detail says how. */
  GAINS_PRIVILEGE,
  /** Rewrites or removes recorded history of a repository; the detail says how. */
  REWRITES_HISTORY,
  /** Destroys a resource on another system; the detail names it. */
  DESTROYS,
  /** Makes something public; the detail names it. */
  PUBLISHES,
  /** Stops or weakens a process or the machine; the detail says how. */
  STOPS,
  /** Hides what it does, so that it cannot be read; the detail says how. */
  HIDES
}
