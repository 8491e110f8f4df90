// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** The network between one host and a server on this machine, which a test can cut. */
final class TestLink implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;

  /** Both ends of each connection. Guarded by this. */
  private final List<Socket> open = new ArrayList<>();

  /** Guarded by this. */
  private boolean isCut;

  TestLink(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  /** Returns a URL that leads over this link in place of directly to the server. */
  String over(String url) {
    return url.replace(":" + target + "/", ":" + listening.getLocalPort() + "/");
  }

  /** Ends all connections, and every later one at once. */
  synchronized void cut() {
    isCut = true;
    open.forEach(TestLink::end);
    open.clear();
  }

  synchronized void restore() {
    isCut = false;
  }

  private void accept() {
    try {
      while (true) {
        connect(listening.accept());
      }
    } catch (IOException e) {
      // The link is closed.
    }
  }

  private synchronized void connect(Socket host) throws IOException {
    if (isCut) {
      end(host);
      return;
    }
    Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
    open.add(host);
    open.add(server);
    start(() -> copy(host, server));
    start(() -> copy(server, host));
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // Either end has ended the connection.
    } finally {
      end(from);
      end(to);
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "test-link");
    thread.setDaemon(true);
    thread.start();
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It has ended.
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    cut();
  }
}
