// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres.driver;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import javax.net.SocketFactory;

/**
 * Creates the sockets of PostgreSQL's driver. A write that does not end within a time closes its
 * socket, and fails. The driver's {@code socketTimeout} limits reads alone: without this, a write
 * to a server that vanished blocks until the kernel ends the connection, a quarter of an hour
 * later.
 *
 * <p>The driver finds this class by its name.
 */
public final class TimedSockets extends SocketFactory {
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  /** The open sockets. */
  private static final Set<TimedSocket> OPEN = ConcurrentHashMap.newKeySet();

  static {
    Thread watch = new Thread(TimedSockets::watch, "indelible-postgres-writes");
    watch.setDaemon(true);
    watch.start();
  }

  private final Duration limit;

  /**
   * Creates a factory.
   *
   * @param seconds the limit of a write, in seconds
   */
  public TimedSockets(String seconds) {
    this.limit = Duration.ofSeconds(Long.parseLong(seconds));
  }

  private static void watch() {
    while (true) {
      try {
        OPEN.forEach(TimedSocket::closeIfLate);
      } catch (RuntimeException | Error e) {
        // The other sockets must keep their limit; this one is looked at again.
      }
      LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
    }
  }

  @Override
  public Socket createSocket() {
    return new TimedSocket(limit);
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("the driver connects its sockets itself");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    return createSocket(host, port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    return createSocket(host.getHostName(), port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    return createSocket(host, port);
  }

  private static final class TimedSocket extends Socket {
    private static final long NONE = 0;

    private final Duration limit;

    /** The {@link System#nanoTime} at which a write began, never 0; {@link #NONE} without one. */
    private volatile long writingSince;

    /** True once a write was late. */
    private volatile boolean isLate;

    TimedSocket(Duration limit) {
      this.limit = limit;
      OPEN.add(this);
    }

    private void closeIfLate() {
      long since = writingSince;
      if (since != NONE && System.nanoTime() - since > limit.toNanos()) {
        isLate = true;
        try {
          close();
        } catch (IOException e) {
          // The socket is closed nevertheless, and the write fails.
        }
      }
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      OutputStream out = super.getOutputStream();
      return new OutputStream() {
        @Override
        public void write(int one) throws IOException {
          write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          writingSince = System.nanoTime() | 1;
          try {
            out.write(bytes, from, length);
          } catch (IOException e) {
            throw isLate
                ? new IOException(
                    "the server took no bytes for " + limit.toSeconds() + " seconds", e)
                : e;
          } finally {
            writingSince = NONE;
          }
        }

        @Override
        public void close() throws IOException {
          out.close();
        }
      };
    }

    @Override
    public void close() throws IOException {
      OPEN.remove(this);
      super.close();
    }
  }
}
