// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;

class PeersTest {
  /** Returns a value whose methods return null or false, or the value of their return type. */
  private static <T> T stub(Class<T> type, Object... values) {
    return type.cast(
        Proxy.newProxyInstance(
            PeersTest.class.getClassLoader(),
            new Class<?>[] {type},
            (any, method, arguments) -> {
              for (Object value : values) {
                if (method.getReturnType().isInstance(value)) {
                  return value;
                }
              }
              return method.getReturnType() == boolean.class ? false : null;
            }));
  }

  /** A peer of the Unix socket needs no name in the header Host. */
  @Test
  void closedConnectionOverTcpIsNoneOfTheSocket() {
    ConnectionMetaData closed =
        stub(
            ConnectionMetaData.class,
            new ServerConnector(new Server()),
            stub(Connection.class, stub(EndPoint.class)));
    ServeSettings settings =
        new ServeSettings(
            new InetSocketAddress("127.0.0.1", 0), null, null, AccessSettings.DEFAULT);

    assertThat(new Peers(settings).of(closed).way()).isEqualTo(Peer.Way.LOOPBACK);
  }
}
