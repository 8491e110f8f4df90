// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.base.ExclusiveLock;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets of other daemons. */
@Timeout(60)
class UnixSocketTest {
  @TempDir Path temp;
  private UnixSocket socket;

  @BeforeEach
  void create() throws IOException {
    Files.createDirectory(temp.resolve("run"));
    socket = new UnixSocket(temp.resolve("run/i.sock"));
  }

  /** Both find the socket of a daemon that has ended; the second must not remove the first's. */
  @Test
  void secondDaemonThatStartsAtOnceIsRefused() throws Exception {
    ExclusiveLock first = socket.prepare();

    assertThatThrownBy(socket::prepare)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another process listens");

    first.close();
    socket.prepare().close();
  }

  @Test
  void busyDaemonIsNotWaitedFor() throws Exception {
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket.path()), 1);
      boolean connected = true;
      while (connected) {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        clients.add(client);
        client.configureBlocking(false);
        try {
          connected = client.connect(UnixDomainSocketAddress.of(socket.path()));
        } catch (SocketException e) {
          connected = false;
        }
      }

      assertThatThrownBy(socket::prepare)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process");
    } finally {
      for (SocketChannel client : clients) {
        client.close();
      }
    }
    assertThatCode(() -> socket.prepare().close()).as("it has ended").doesNotThrowAnyException();
  }
}
