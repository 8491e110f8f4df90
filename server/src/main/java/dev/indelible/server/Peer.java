// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.List;

/**
 * The other end of a connection.
 *
 * @param address the address of the other end, for log lines
 * @param way the way in which it is connected
 * @param isSecure true over TLS
 * @param identities the names that the connection itself proves, of one process or one certificate,
 *     as settings write them, for example {@code user:alice}
 */
record Peer(String address, Way way, boolean isSecure, List<String> identities) {
  /** A way to connect. */
  enum Way {
    /** The Unix socket. */
    SOCKET,
    /** TCP on loopback. */
    LOOPBACK,
    /** TCP on another address. */
    NETWORK
  }

  /** A client on this machine that proves no name. */
  static final Peer LOCAL = new Peer("127.0.0.1", Way.LOOPBACK, false, List.of());

  Peer {
    identities = List.copyOf(identities);
  }

  /** Returns true if only processes on this machine can connect in this way. */
  boolean isLocal() {
    return way != Way.NETWORK;
  }
}
