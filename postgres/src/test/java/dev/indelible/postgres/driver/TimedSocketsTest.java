// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres.driver;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class TimedSocketsTest {
  /** A server that reads nothing does not block a writer for ever. */
  @Test
  void lateWriteFails() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket socket = new TimedSockets("1").createSocket()) {
      socket.connect(server.getLocalSocketAddress());
      byte[] bytes = new byte[64 << 20];
      assertThatThrownBy(() -> socket.getOutputStream().write(bytes))
          .isInstanceOf(IOException.class)
          .hasMessage("the server took no bytes for 1 seconds");
    }
  }
}
