// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.util.Map;

/** The home directory of the user, as the shells and agents of this environment see it. */
public final class Home {
  private Home() {}

  /**
   * Returns {@code $HOME} if it is an absolute path, and the home directory of the account
   * otherwise.
   */
  public static String directory() {
    return directory(System.getenv());
  }

  /** Returns the home directory in an environment, as {@link #directory()} does. */
  public static String directory(Map<String, String> environment) {
    String home = environment.getOrDefault("HOME", "");
    return home.startsWith("/") ? home : System.getProperty("user.home", "");
  }
}
