// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import java.io.IOException;

/** The server behind a gateway: a child process, or a server that is reached over HTTP. */
interface Upstream {
  /** Receives what the server sends. Called by one thread at a time. */
  interface Listener {
    /** Receives one message. */
    void receive(Lines.Line message);

    /** Receives the end of the server; nothing follows. */
    void end(String reason);
  }

  /**
   * Sends a message, now or as soon as the server reads it. Waits a limited time.
   *
   * @throws IOException if the server has ended or reads nothing
   */
  void send(Message message) throws IOException;

  /** Ends the server; returns when it has ended. */
  void close();
}
