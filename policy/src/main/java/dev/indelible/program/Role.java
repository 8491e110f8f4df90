// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

/** What a program does with an argument. */
public enum Role {
  /** Deletes the path, or destroys its content. */
  DELETES,
  /** Creates or changes the path, its content, mode or owner. */
  WRITES,
  /** Reads the content of the path. */
  READS,
  /** Connects to the host or URL. */
  CONTACTS,
  /** Sends the argument itself, or the standard input if it is {@code -}, to where it connects. */
  SENDS,
  /** Sends the content of the path to where it connects. */
  SENDS_FILE,
  /** Runs the argument as the text of a shell script. */
  RUNS_SHELL,
  /** Runs the arguments as a command and its arguments. */
  RUNS_COMMAND,
  /** Runs the arguments as a command, with items of the standard input or of a search added. */
  RUNS_FOR_EACH,
  /** Runs the argument as code of another language; the detail names it. */
  RUNS_CODE,
  /** Runs the file as code; the detail names the language, {@code shell} for shells. */
  RUNS_FILE,
  /** Runs the standard input as code; the detail names the language. */
  RUNS_INPUT,
  /** Sends the argument to a database as SQL. */
  RUNS_SQL,
  /** Works in this directory. */
  WORKS_IN,
  /** Sets a variable of the environment, as {@code NAME=VALUE}. */
  SETS,
  /** Obtains the rights of another user, or gives rights away; the detail says how. */
  GAINS_PRIVILEGE,
  /** Rewrites or removes recorded history of a repository; the detail says how. */
  REWRITES_HISTORY,
  /** Destroys a resource on another system; the detail names it. */
  DESTROYS,
  /** Makes something public; the detail names it. */
  PUBLISHES,
  /** Stops or weakens a process or the machine; the detail says how. */
  STOPS,
  /** Hides from reading what it does; the detail says how. */
  HIDES
}
