// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.base.DurableFiles;
import dev.indelible.crypto.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PEM files of TLS.
 *
 * @param certificate the server's certificate, followed by its issuers' certificates
 * @param key the private key of the certificate, as PKCS#8
 * @param clientCa the issuers whose client certificates are accepted; null to ask for no client
 *     certificate
 */
public record TlsFiles(Path certificate, Path key, @Nullable Path clientCa) {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

  private static final Pattern PKCS8 =
      Pattern.compile(
          "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----\\s*");

  /** Pairs of a key algorithm and its signature algorithm. */
  private static final List<List<String>> ALGORITHMS =
      List.of(
          List.of("EC", "SHA256withECDSA"),
          List.of("RSA", "SHA256withRSA"),
          List.of("Ed25519", "Ed25519"));

  /** The password of key stores that exist only in memory. */
  private static final String IN_MEMORY = "in memory";

  private static final int MAX_FILE_BYTES = 1 << 20;

  /**
   * The content of the files.
   *
   * @param own the server's certificate and key
   * @param issuers the issuers of client certificates; null if none is asked for
   * @param clientCa the digest of the file of these issuers, as {@code sha256:…}
   */
  record Loaded(KeyStore own, @Nullable KeyStore issuers, Optional<String> clientCa) {
    /** Returns the factory of TLS connections. */
    SslContextFactory.Server connections() {
      SslContextFactory.Server tls = new SslContextFactory.Server();
      tls.setIncludeProtocols("TLSv1.3", "TLSv1.2");
      tls.setRenegotiationAllowed(false);
      install(tls);
      return tls;
    }

    /**
     * Replaces the content that a factory uses, for new connections; if this one cannot be used,
     * the earlier content stays in use.
     *
     * @throws IOException if it cannot be used
     */
    void replace(SslContextFactory.Server tls) throws IOException {
      try {
        tls.reload(each -> install((SslContextFactory.Server) each));
      } catch (Exception e) {
        throw new IOException("the files of TLS cannot be used: " + e.getMessage(), e);
      }
    }

    private void install(SslContextFactory.Server tls) {
      tls.setKeyStore(own);
      tls.setKeyStorePassword(IN_MEMORY);
      tls.setTrustStore(issuers);
      tls.setWantClientAuth(issuers != null);
    }
  }

  /**
   * Reads the files.
   *
   * @throws IOException if a file cannot be used; the message names it
   */
  Loaded load() throws IOException {
    List<X509Certificate> chain = certificates(certificate, bytes(certificate));
    PrivateKey own = privateKey(chain.get(0));
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("server", own, IN_MEMORY.toCharArray(), chain.toArray(Certificate[]::new));
      if (clientCa == null) {
        return new Loaded(store, null, Optional.empty());
      }
      byte[] content = bytes(clientCa);
      KeyStore issuers = KeyStore.getInstance("PKCS12");
      issuers.load(null, null);
      for (X509Certificate issuer : certificates(clientCa, content)) {
        issuers.setCertificateEntry("issuer" + issuers.size(), issuer);
      }
      String digest = Sha256.digest(content);
      return new Loaded(store, issuers, Optional.of(digest));
    } catch (GeneralSecurityException e) {
      throw new IOException(certificate + ": cannot be used: " + e.getMessage(), e);
    }
  }

  private static List<X509Certificate> certificates(Path file, byte[] content) throws IOException {
    List<X509Certificate> found;
    try {
      found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(content))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
    } catch (CertificateException e) {
      throw new IOException(file + ": not PEM certificates", e);
    }
    if (found.isEmpty()) {
      throw new IOException(file + ": has no certificate");
    }
    try {
      found.get(0).checkValidity();
    } catch (CertificateException e) {
      LOG.warn("{}: {}", file, e.getMessage());
    }
    return found;
  }

  /** Returns the private key of a certificate. Errors do not quote the file. */
  private PrivateKey privateKey(X509Certificate owner) throws IOException {
    byte[] content = bytes(key);
    if (DurableFiles.isPosix(key)
        && Files.getPosixFilePermissions(key).contains(PosixFilePermission.OTHERS_READ)) {
      throw new IOException(key + ": every user can read this key; run 'chmod o-r' on it");
    }
    Matcher pem = PKCS8.matcher(new String(content, StandardCharsets.US_ASCII));
    Arrays.fill(content, (byte) 0);
    if (!pem.find()) {
      throw new IOException(
          key + ": not a PKCS#8 key in PEM; 'openssl pkcs8 -topk8 -nocrypt' converts other keys");
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(pem.group(1));
    } catch (IllegalArgumentException e) {
      throw new IOException(key + ": its PEM body is not base64", e);
    }
    for (List<String> algorithm : ALGORITHMS) {
      try {
        PrivateKey read =
            KeyFactory.getInstance(algorithm.get(0)).generatePrivate(new PKCS8EncodedKeySpec(der));
        if (isPair(read, owner.getPublicKey(), algorithm.get(1))) {
          return read;
        }
      } catch (GeneralSecurityException e) {
        // Not a key of this algorithm; the next may be.
      }
    }
    throw new IOException(
        "%s: not the EC, RSA or Ed25519 key of the certificate in %s".formatted(key, certificate));
  }

  private static boolean isPair(PrivateKey key, PublicKey other, String algorithm)
      throws GeneralSecurityException {
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    byte[] signature = signing.sign();
    signing.initVerify(other);
    return signing.verify(signature);
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.notExists(file)) {
      throw new IOException(file + ": no such file");
    }
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new IOException(file + ": larger than a file of certificates or a key");
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IOException(file + ": cannot be read: " + DurableFiles.reason(e), e);
    }
  }
}
