// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the daemon listens (on TCP, on a Unix socket, or on both), and whom it answers.
 *
 * @param listen the TCP address; port 0 takes a free port; null for none
 * @param socket the file of the Unix socket; null for none
 * @param tls the files of TLS on the TCP address; null for plain HTTP
 * @param access the callers that it answers
 */
public record ServeSettings(
    @Nullable InetSocketAddress listen,
    @Nullable Path socket,
    @Nullable TlsFiles tls,
    AccessSettings access) {
  /** The default TCP port. */
  public static final int DEFAULT_PORT = 8740;

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException if there is no address and no socket; if the address is not on
   *     loopback, and there is no TLS, or no name that clients use for this machine; or if roles
   *     are given to a name that no connection can prove
   */
  public ServeSettings {
    if (listen == null && socket == null) {
      throw new IllegalArgumentException(
          "listen and socket are both off, so no agent could ask; give one of them");
    }
    if (listen != null && listen.isUnresolved()) {
      throw new IllegalArgumentException(
          "listen: %s: unknown host".formatted(listen.getHostString()));
    }
    if (listen != null && !listen.getAddress().isLoopbackAddress()) {
      String where = "listen: %s is not on loopback; ".formatted(listen.getHostString());
      if (tls == null) {
        throw new IllegalArgumentException(
            where + "give tls-certificate and tls-key as well, or use 127.0.0.1 or [::1]");
      }
      if (access.names().isEmpty()) {
        throw new IllegalArgumentException(
            where + "give names, the names of this machine that clients use (header Host)");
      }
    }
    for (Binding binding : access.bindings()) {
      if (binding.isOfProcess() && socket == null) {
        throw new IllegalArgumentException(
            "roles: %s: only a connection on the Unix socket proves a user or group; give socket"
                .formatted(binding.identity()));
      }
      if (!binding.isOfProcess() && (listen == null || tls == null || tls.clientCa() == null)) {
        throw new IllegalArgumentException(
            "roles: %s: only a client certificate proves this name; give listen, tls-certificate, tls-key and tls-client-ca"
                .formatted(binding.identity()));
      }
    }
    socket = socket == null ? null : socket.toAbsolutePath().normalize();
  }

  /** Creates settings of a daemon that accepts no credential. */
  public ServeSettings(@Nullable InetSocketAddress listen, @Nullable Path socket) {
    this(listen, socket, null, AccessSettings.DEFAULT);
  }

  /** Returns these settings with the file of the API keys. */
  public ServeSettings withKeys(ApiKeyFile file) {
    return new ServeSettings(listen, socket, tls, access.withKeys(file));
  }

  /** Returns the TCP address. */
  public Optional<InetSocketAddress> address() {
    return Optional.ofNullable(listen);
  }

  /**
   * Reads the files of TLS; empty without TLS.
   *
   * @throws IOException if a file cannot be used; the message names it
   */
  Optional<TlsFiles.Loaded> loadTls() throws IOException {
    return tls == null ? Optional.empty() : Optional.of(tls.load());
  }

  /** Returns the Unix socket. */
  Optional<UnixSocket> unixSocket() {
    return Optional.ofNullable(socket).map(UnixSocket::new);
  }

  /**
   * Reads {@code HOST:PORT}, {@code PORT} or {@code off}.
   *
   * @return the address; null for {@code off}
   * @throws IllegalArgumentException if it has another form
   */
  static @Nullable InetSocketAddress readAddress(String text) {
    if (text.equals(ServeConfig.OFF)) {
      return null;
    }
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "127.0.0.1" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    String port = text.substring(colon + 1);
    if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
      throw new IllegalArgumentException(
          "listen: %s: give HOST:PORT, a port, or %s".formatted(text, ServeConfig.OFF));
    }
    if (host.equals("localhost")) {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }
    return new InetSocketAddress(host, Integer.parseInt(port));
  }
}
