// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Binding;
import java.net.SocketAddress;
import java.util.List;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;

/** Finds out who is at the other end of a connection, once for all requests of the connection. */
final class Peers {
  private static final String PEER = Peers.class.getName();

  private final boolean onLoopback;

  /** False if no user and no group has a role, so that the kernel need not be asked. */
  private final boolean namesProcesses;

  Peers(ServeSettings settings) {
    onLoopback = settings.address().filter(at -> !at.getAddress().isLoopbackAddress()).isEmpty();
    namesProcesses = settings.access().bindings().stream().anyMatch(Binding::isOfProcess);
  }

  /** Returns the other end of a request's connection. */
  Peer of(org.eclipse.jetty.server.Request request) {
    ConnectionMetaData connection = request.getConnectionMetaData();
    if (connection.getAttribute(PEER) instanceof Peer known) {
      return known;
    }
    Peer peer = of(connection);
    connection.setAttribute(PEER, peer);
    return peer;
  }

  Peer of(ConnectionMetaData connection) {
    EndPoint end = connection.getConnection().getEndPoint();
    SocketAddress remote = connection.getRemoteSocketAddress();
    // The addresses of a closed connection are unknown.
    if (!(connection.getConnector() instanceof UnixDomainServerConnector)) {
      return new Peer(
          String.valueOf(remote),
          onLoopback ? Peer.Way.LOOPBACK : Peer.Way.NETWORK,
          connection.isSecure(),
          Identities.ofCertificate(end));
    }
    List<String> names = namesProcesses ? Identities.ofProcess(end) : List.of();
    return new Peer("the Unix socket", Peer.Way.SOCKET, false, names);
  }
}
