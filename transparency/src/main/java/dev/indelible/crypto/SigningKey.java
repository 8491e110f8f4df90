// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/** An Ed25519 private key (RFC 8032) held in memory. Safe for use by several threads at once. */
public final class SigningKey implements Signer {
  private static final int SEED_BYTES = 32;

  private static final String PEM_TYPE = "PRIVATE KEY";

  private final byte[] seed;
  private final VerificationKey verificationKey;
  private final Ed25519InUse.ForKey<Ed25519.Signing> signing;

  private SigningKey(byte[] seed) {
    byte[] publicKey = new byte[VerificationKey.KEY_BYTES];
    org.bouncycastle.math.ec.rfc8032.Ed25519.generatePublicKey(seed, 0, publicKey, 0);
    this.seed = seed;
    this.verificationKey = VerificationKey.of(publicKey);
    this.signing = new Ed25519InUse.ForKey<>(by -> by.signing(seed, publicKey));
  }

  /**
   * Returns the name of the implementation of Ed25519 that this process signs and verifies with.
   */
  public static String implementation() {
    return Ed25519InUse.name();
  }

  /**
   * Makes this process sign and verify with the Amazon Corretto Crypto Provider, if it works on
   * this machine. That takes about a second, because the provider tests itself; keys can be used
   * meanwhile. Does nothing if the provider is in use.
   *
   * @param unpacked a directory with the files of the provider's jar
   */
  public static void loadCorretto(Path unpacked) {
    Ed25519InUse.load(unpacked);
  }

  /** Returns a new key from the system's secure random source. */
  public static SigningKey generate() {
    byte[] seed = new byte[SEED_BYTES];
    new SecureRandom().nextBytes(seed);
    return new SigningKey(seed);
  }

  /** Returns the key of a 32-byte seed. */
  public static SigningKey fromSeed(byte[] seed) {
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException("an Ed25519 seed is 32 bytes, not " + seed.length);
    }
    return new SigningKey(seed.clone());
  }

  /**
   * Reads a key from PEM (PKCS#8, RFC 8410).
   *
   * @param source the name of the text in errors, which never quote the text
   */
  public static SigningKey fromPem(String pem, String source) throws KeyException {
    byte[] der = Pem.decode(pem, PEM_TYPE, source);
    Optional<byte[]> shortest = Ed25519Der.PRIVATE.decode(der);
    if (shortest.isPresent()) {
      return new SigningKey(shortest.get());
    }
    try {
      AsymmetricKeyParameter key = PrivateKeyFactory.createKey(der);
      if (key instanceof Ed25519PrivateKeyParameters ed25519) {
        return new SigningKey(ed25519.getEncoded());
      }
    } catch (IOException | RuntimeException e) {
      throw new KeyException(source + ": not a private key in PEM form (PKCS#8)");
    }
    throw new KeyException(source + ": not an Ed25519 key; only those sign an Indelible chain");
  }

  @Override
  public VerificationKey verificationKey() {
    return verificationKey;
  }

  @Override
  public byte[] sign(byte[] message) {
    return signing.get().sign(message);
  }

  /** Returns the key as PEM (PKCS#8, RFC 8410). The result is secret. */
  public String toPem() {
    return Pem.encode(PEM_TYPE, Ed25519Der.PRIVATE.encode(seed));
  }

  /** Returns the name of the key, never its secret. */
  @Override
  public String toString() {
    return "private half of " + verificationKey;
  }
}
