// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.eclipse.jetty.io.EndPoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The names that a connection proves. */
final class Identities {
  private static final Logger LOG = LoggerFactory.getLogger(Identities.class);

  /** Types of alternative names (RFC 5280): an e-mail address, a DNS name, a URI. */
  private static final List<Integer> NAME_TYPES = List.of(1, 2, 6);

  private Identities() {}

  /**
   * Returns the user and the group of the process at the other end of a Unix socket, as the kernel
   * reports them (SO_PEERCRED): the effective ids when it connected, without supplementary groups.
   * The user is first. Empty if the kernel does not report them.
   */
  static List<String> ofProcess(EndPoint end) {
    try {
      if (end.getTransport() instanceof SocketChannel channel
          && channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)) {
        UnixDomainPrincipal process = channel.getOption(ExtendedSocketOptions.SO_PEERCRED);
        return List.of("user:" + process.user().getName(), "group:" + process.group().getName());
      }
    } catch (IOException e) {
      LOG.warn("the user of a connection is not known: {}", e.toString());
    }
    return List.of();
  }

  /**
   * Returns the subject (RFC 2253) and the alternative names of a client certificate, which the
   * handshake has verified. Empty if there is no certificate.
   */
  static List<String> ofCertificate(EndPoint end) {
    EndPoint.SslSessionData tls = end.getSslSessionData();
    if (tls == null || tls.peerCertificates() == null || tls.peerCertificates().length == 0) {
      return List.of();
    }
    X509Certificate certificate = tls.peerCertificates()[0];
    List<String> names = new ArrayList<>();
    names.add("cert:" + certificate.getSubjectX500Principal().getName());
    try {
      Collection<List<?>> more = certificate.getSubjectAlternativeNames();
      for (List<?> name : more == null ? List.<List<?>>of() : more) {
        if (NAME_TYPES.contains(name.get(0))) {
          names.add("cert:" + name.get(1));
        }
      }
    } catch (CertificateParsingException e) {
      LOG.warn("the names of a client certificate cannot be read: {}", e.toString());
    }
    return names;
  }
}
