// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections of a connector that hold a place without a request, so that others can
 * connect. Looks at all connections once a second, from outside: the head of the next request has
 * begun when a connection has received more bytes. Connections with a {@linkplain #begin request in
 * progress} are left alone.
 */
final class IdleConnections extends AbstractLifeCycle {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** The attribute of a connection that is true while a request is in progress. */
  private static final String IN_PROGRESS = IdleConnections.class.getName();

  private static final Logger LOG = LoggerFactory.getLogger(IdleConnections.class);

  /**
   * Limits of a connector.
   *
   * @param head the longest time for a head to arrive from its first byte; on a new connection,
   *     from its start
   * @param crowded the number of connections from which only {@code crowdedIdle} is allowed
   * @param crowdedIdle the longest time without a request if there are many connections
   * @param perAddress the most connections without a request of one address that is not loopback
   */
  record Allowed(Duration head, int crowded, Duration crowdedIdle, int perAddress) {}

  /**
   * A connection without a request in progress.
   *
   * @param messages the requests before
   * @param bytes the bytes received before
   * @param since the time since which it has been in this state
   * @param isBegun true if the head of the next request, or a handshake, has begun
   */
  private record Waiting(long messages, long bytes, long since, boolean isBegun) {}

  private final AbstractConnector connector;
  private final Allowed allowed;
  private final LongSupplier nanoTime;

  /** Used by one thread at a time: the scheduler runs the next look after the last one. */
  private Map<EndPoint, Waiting> waiting = new HashMap<>();

  IdleConnections(AbstractConnector connector, Allowed allowed) {
    this(connector, allowed, System::nanoTime);
  }

  IdleConnections(AbstractConnector connector, Allowed allowed, LongSupplier nanoTime) {
    this.connector = connector;
    this.allowed = allowed;
    this.nanoTime = nanoTime;
  }

  /** Records that a request is in progress on its connection, until it is answered or fails. */
  static void begin(Request request) {
    ConnectionMetaData connection = request.getConnectionMetaData();
    connection.setAttribute(IN_PROGRESS, true);
    Request.addCompletionListener(request, failure -> connection.setAttribute(IN_PROGRESS, false));
  }

  /** Returns true if a request is in progress. */
  static boolean isInProgress(Connection connection) {
    return connection instanceof ConnectionMetaData http
        && Boolean.TRUE.equals(http.getAttribute(IN_PROGRESS));
  }

  @Override
  protected void doStart() {
    schedule();
  }

  private void schedule() {
    connector.getScheduler().schedule(this::run, INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void run() {
    if (!isRunning()) {
      return;
    }
    try {
      closeIdle();
    } catch (RuntimeException e) {
      LOG.warn("idle connections cannot be closed: {}", e.toString());
    }
    schedule();
  }

  /** Looks at all connections and closes those that waited too long. */
  void closeIdle() {
    long now = nanoTime.getAsLong();
    boolean crowded = connector.getConnectedEndPoints().size() >= allowed.crowded();
    Map<EndPoint, Waiting> next = new HashMap<>();
    Map<InetAddress, Integer> perAddress = new HashMap<>();
    for (EndPoint end : connector.getConnectedEndPoints()) {
      Connection connection = http(end);
      if (connection == null || isInProgress(connection)) {
        continue;
      }
      Waiting state = state(waiting.get(end), connection, now);
      if (isLate(state, crowded, now) || isOneTooMany(end, perAddress)) {
        end.close();
      } else {
        next.put(end, state);
      }
    }
    waiting = next;
  }

  /** Returns the connection that reads requests, which may be within TLS. */
  private static @Nullable Connection http(EndPoint end) {
    return end.getConnection() instanceof SslConnection tls
        ? tls.getSslEndPoint().getConnection()
        : end.getConnection();
  }

  private static Waiting state(@Nullable Waiting before, Connection connection, long now) {
    long messages = connection.getMessagesIn();
    long bytes = connection.getBytesIn();
    if (before == null || before.messages() != messages) {
      return new Waiting(messages, bytes, now, messages == 0);
    }
    return before.isBegun() || before.bytes() == bytes
        ? before
        : new Waiting(messages, bytes, now, true);
  }

  private boolean isLate(Waiting state, boolean crowded, long now) {
    long nanos = now - state.since();
    return crowded && nanos >= allowed.crowdedIdle().toNanos()
        || state.isBegun() && nanos >= allowed.head().toNanos();
  }

  private boolean isOneTooMany(EndPoint end, Map<InetAddress, Integer> perAddress) {
    return end.getRemoteSocketAddress() instanceof InetSocketAddress remote
        && remote.getAddress() != null
        && !remote.getAddress().isLoopbackAddress()
        && perAddress.merge(remote.getAddress(), 1, Integer::sum) > allowed.perAddress();
  }
}
