// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import java.util.Locale;

/** The kinds of facts. */
public enum Verb {
  /** Deletes a path, or destroys its content. */
  DELETES,
  /** Creates or changes a path. */
  WRITES,
  /** Reads a path. */
  READS,
  /** Sends the content of a path, or the environment, to a host. */
  SENDS,
  /** Connects to a host. */
  CONTACTS,
  /** Runs code from a source that nobody has read: the network, standard input, a decoder. */
  RUNS,
  /** Obtains or grants rights. */
  GAINS_PRIVILEGE,
  /** Rewrites or removes the history of a repository. */
  REWRITES_HISTORY,
  /** Destroys a resource on another system. */
  DESTROYS,
  /** Makes something public. */
  PUBLISHES,
  /** Stops or exhausts a process or the machine. */
  STOPS,
  /** Changes the gate that decides about the action, or the log that records it. */
  CHANGES_GUARD,
  /** Runs a program through an option or variable of another program. */
  DETOURS,
  /** Hides what it does, so that it cannot be read. */
  OPAQUE;

  /** Returns the verb in a policy file and in a record, for example {@code gains_privilege}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
