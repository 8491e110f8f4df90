// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys as PEM that other programs can read. No message quotes a secret. */
class KeyFormTest {
  @TempDir Path directory;

  @Test
  void keyIdIsThePrefixOfTheKeysHash() throws Exception {
    VerificationKey key = SigningKey.generate().verificationKey();
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.raw());
    assertThat(key.keyId()).isEqualTo(HexFormat.of().formatHex(hash).substring(0, 16));
  }

  @Test
  void pemRoundTrips() throws Exception {
    SigningKey key = SigningKey.generate();
    SigningKey read = SigningKey.fromPem(key.toPem(), "test");
    assertThat(read.verificationKey()).isEqualTo(key.verificationKey());
    assertThat(read.sign(new byte[9])).isEqualTo(key.sign(new byte[9]));
    assertThat(VerificationKey.fromPem(key.verificationKey().toPem(), "test"))
        .isEqualTo(key.verificationKey())
        .hasSameHashCodeAs(key.verificationKey());
    assertThat(SigningKey.fromPem("\n" + key.toPem().replace("\n", "\r\n"), "test").toPem())
        .isEqualTo(key.toPem());
  }

  /** The private key of RFC 8410 section 10.3 and its public key of section 10.1. */
  @Test
  void rfc8410ExamplesAreRead() throws Exception {
    SigningKey key =
        SigningKey.fromPem(
            "-----BEGIN PRIVATE KEY-----\n"
                + "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                + "-----END PRIVATE KEY-----\n",
            "test");
    VerificationKey half =
        VerificationKey.fromPem(
            "-----BEGIN PUBLIC KEY-----\n"
                + "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                + "-----END PUBLIC KEY-----\n",
            "test");
    assertThat(key.verificationKey()).isEqualTo(half);
  }

  /** OpenSSL reads the keys and accepts a signature. */
  @Test
  void openSslReadsKeysAndAcceptsSignature() throws Exception {
    assumeTrue(openSsl("version") == 0, "skipped: no openssl on this machine");
    SigningKey key = SigningKey.generate();
    byte[] message = "a row".getBytes(UTF_8);
    Path secret = Files.writeString(directory.resolve("secret.pem"), key.toPem());
    Path half = Files.writeString(directory.resolve("public.pem"), key.verificationKey().toPem());
    Path text = Files.write(directory.resolve("message"), message);
    Path signature = Files.write(directory.resolve("signature"), key.sign(message));
    Path derived = directory.resolve("derived.pem");
    assertThat(openSsl("pkey", "-in", secret, "-pubout", "-out", derived)).isZero();
    assertThat(Files.readString(derived)).isEqualTo(key.verificationKey().toPem());
    assertThat(
            openSsl(
                "pkeyutl",
                "-verify",
                "-pubin",
                "-inkey",
                half,
                "-rawin",
                "-in",
                text,
                "-sigfile",
                signature))
        .isZero();
    Files.write(text, "another row".getBytes(UTF_8));
    assertThat(
            openSsl(
                "pkeyutl",
                "-verify",
                "-pubin",
                "-inkey",
                half,
                "-rawin",
                "-in",
                text,
                "-sigfile",
                signature))
        .isNotZero();
  }

  private static int openSsl(Object... arguments) throws InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "openssl";
    for (int i = 0; i < arguments.length; i++) {
      command[i + 1] = arguments[i].toString();
    }
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
      })
  void malformedKeyIsRefusedByName(String pem) {
    assertThatThrownBy(() -> SigningKey.fromPem(pem, "audit.pem"))
        .isInstanceOf(KeyException.class)
        .hasMessageStartingWith("audit.pem: ");
    assertThatThrownBy(() -> VerificationKey.fromPem(pem.replace("PRIVATE", "PUBLIC"), "x.pub.pem"))
        .isInstanceOf(KeyException.class)
        .hasMessageStartingWith("x.pub.pem: ");
  }

  /** The error names the key's algorithm. */
  @Test
  void keysOfOtherAlgorithmsAreRefused() throws Exception {
    for (String algorithm : List.of("EC", "X25519", "RSA")) {
      var pair = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
      String secret = Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded());
      String half = Pem.encode("PUBLIC KEY", pair.getPublic().getEncoded());
      assertThatThrownBy(() -> SigningKey.fromPem(secret, "audit.pem"))
          .isInstanceOf(KeyException.class)
          .hasMessage("audit.pem: not an Ed25519 key; only those sign an Indelible chain");
      assertThatThrownBy(() -> VerificationKey.fromPem(half, "x.pub.pem"))
          .isInstanceOf(KeyException.class)
          .hasMessage("x.pub.pem: not an Ed25519 key; only those sign an Indelible chain");
    }
  }

  /** No error message quotes any part of a malformed private key. */
  @Test
  void noMessageOrStringContainsASecret() {
    SigningKey key = SigningKey.generate();
    String pem = key.toPem();
    String body = pem.lines().filter(line -> !line.startsWith("-")).findFirst().orElseThrow();
    List<String> broken =
        List.of(
            pem.replace("BEGIN PRIVATE", "BEGIN PUBLIC"),
            pem.replace("-----END PRIVATE KEY-----", ""),
            pem.replace(body, body.substring(0, body.length() - 3)),
            pem.replace(body, body.substring(0, 40)),
            pem.replace(body, "!" + body),
            pem.replace(body, "A" + body),
            pem.replace("MC4C", "MC4D"),
            pem.replace("K2Vw", "K2Vx"),
            pem + pem,
            body);
    String seed = HexFormat.of().formatHex(Base64.getDecoder().decode(body)).substring(32);
    for (String text : broken) {
      assertThatThrownBy(() -> SigningKey.fromPem(text, "audit.pem"))
          .satisfies(
              failure -> assertThat(messagesOf(failure)).satisfies(s -> requireNoPartOf(body, s)));
    }
    requireNoPartOf(body, key.toString());
    assertThat(key.toString()).contains(key.verificationKey().keyId()).doesNotContain(seed);
  }

  private static void requireNoPartOf(String body, String message) {
    for (int i = 20; i + 8 <= body.length(); i++) {
      assertThat(message).doesNotContain(body.substring(i, i + 8));
    }
  }

  private static String messagesOf(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }

  @Test
  void rawKeyHas32BytesAndIsCopied() {
    for (int length : new int[] {0, 31, 33, 64}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> VerificationKey.of(new byte[length]))
          .withMessage("an Ed25519 public key is 32 bytes, not " + length);
    }
    byte[] raw = SigningKey.generate().verificationKey().raw();
    VerificationKey key = VerificationKey.of(raw);
    String id = key.keyId();
    raw[0] ^= 1;
    key.raw()[1] ^= 1;
    assertThat(VerificationKey.of(key.raw()).keyId()).isEqualTo(id);
  }

  /** A key that is not in the ring is absent; there is no default key (promise D11). */
  @Test
  void keyRingFindsByKeyId() {
    VerificationKey one = SigningKey.generate().verificationKey();
    VerificationKey two = SigningKey.generate().verificationKey();
    KeyRing ring = KeyRing.of(List.of(one));
    assertThat(ring.find(one.keyId())).contains(one);
    assertThat(ring.find(two.keyId())).isEmpty();
    assertThat(ring.find("")).isEmpty();
  }

  @Test
  void sha256HashesThePartsInOrder() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    assertThat(Sha256.hash()).isEqualTo(digest.digest());
    assertThat(Sha256.hash(new byte[] {1}, new byte[0], new byte[] {2, 3}))
        .isEqualTo(digest.digest(new byte[] {1, 2, 3}));
  }
}
