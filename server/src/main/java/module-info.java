// SPDX-License-Identifier: Apache-2.0
/** The daemon: the gate and its log over HTTP, on loopback and on a Unix socket. */
// The command depends on this module, and is compiled after it.
@SuppressWarnings({"module", "requires-automatic"})
module dev.indelible.server {
  requires static org.jspecify;
  requires transitive dev.indelible;
  requires java.net.http;
  requires jdk.net;
  requires micrometer.core;
  requires micrometer.registry.prometheus;
  requires org.eclipse.jetty.server;
  requires org.eclipse.jetty.unixdomain.server;
  requires org.slf4j;
  requires org.snakeyaml.engine;

  exports dev.indelible.access to
      dev.indelible.cli;
  exports dev.indelible.hook to
      dev.indelible.cli;
  exports dev.indelible.mcp to
      dev.indelible.cli;
  exports dev.indelible.server to
      dev.indelible.cli;
}
