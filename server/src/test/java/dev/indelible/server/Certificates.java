// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** Creates certificates with the JDK's keytool, and writes them as PEM. */
final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path directory;

  Certificates(Path directory) {
    this.directory = directory;
  }

  /** Creates a key and a self-signed certificate. */
  KeyStore selfSigned(String name, String subject, String... more) throws Exception {
    List<String> args =
        new ArrayList<>(List.of("-genkeypair", "-alias", name, "-keyalg", "EC", "-dname", subject));
    args.addAll(List.of("-validity", "2", "-keypass", PASSWORD));
    args.addAll(Arrays.asList(more));
    keytool(name, args.toArray(String[]::new));
    return open(name);
  }

  /** Creates a key and a certificate signed by an issuer. */
  KeyStore issued(String name, String subject, String issuer, String... more) throws Exception {
    selfSigned(name, subject);
    Path request = directory.resolve(name + ".csr");
    Path certificate = directory.resolve(name + ".crt");
    keytool(name, "-certreq", "-alias", name, "-file", request.toString());
    List<String> args =
        new ArrayList<>(
            List.of("-gencert", "-alias", issuer, "-infile", request.toString(), "-outfile"));
    args.add(certificate.toString());
    args.addAll(Arrays.asList(more));
    keytool(issuer, args.toArray(String[]::new));
    KeyStore store = open(name);
    try (InputStream in = Files.newInputStream(certificate)) {
      Certificate signed = CertificateFactory.getInstance("X.509").generateCertificate(in);
      Certificate[] chain = {signed, open(issuer).getCertificate(issuer)};
      store.setKeyEntry(name, store.getKey(name, password()), password(), chain);
    }
    return store;
  }

  private void keytool(String store, String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    // Runs are short, so the optimizing compiler would only cost time.
    command.add("-J-XX:TieredStopAtLevel=1");
    command.addAll(Arrays.asList(args));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore"));
    command.add(directory.resolve(store + ".p12").toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private KeyStore open(String name) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve(name + ".p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  static char[] password() {
    return PASSWORD.toCharArray();
  }

  /** Writes certificates. */
  Path pem(String file, Certificate... certificates) throws Exception {
    StringBuilder text = new StringBuilder();
    for (Certificate each : certificates) {
      text.append(section("CERTIFICATE", each.getEncoded()));
    }
    return Files.writeString(directory.resolve(file + ".pem"), text);
  }

  /** Writes the private key of a store. */
  Path key(String file, KeyStore store, String alias) throws Exception {
    byte[] der = store.getKey(alias, password()).getEncoded();
    Path path = Files.writeString(directory.resolve(file + ".key"), section("PRIVATE KEY", der));
    Files.setPosixFilePermissions(
        path, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    return path;
  }

  private static String section(String type, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, Base64.getMimeEncoder().encodeToString(der), type);
  }
}
