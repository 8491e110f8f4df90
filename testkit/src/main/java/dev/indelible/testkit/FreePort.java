// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** A TCP port of this machine on which nothing listens. */
public final class FreePort {
  private FreePort() {}

  /** Returns a port that is free now. */
  public static int find() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }
}
