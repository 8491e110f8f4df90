// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Lets every test wait for a state as long as a busy machine needs. A test that passes does not
 * wait longer for it.
 */
public final class Patience implements LauncherSessionListener {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Awaitility.setDefaultTimeout(LIMIT);
  }
}
