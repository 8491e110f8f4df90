// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/** An Ed25519 private key (RFC 8032) held in memory. Safe for use by several threads at once. */
public final class SigningKey implements Signer {
  private static final String PEM_TYPE = "PRIVATE KEY";

  /** id-Ed25519 (RFC 8410 section 3). */
  private static final ASN1ObjectIdentifier ED25519 = new ASN1ObjectIdentifier("1.3.101.112");

  private final byte[] seed;
  private final VerificationKey verificationKey;
  private final Ed25519.Signing signing;

  private SigningKey(Ed25519PrivateKeyParameters key) {
    this.seed = key.getEncoded();
    this.verificationKey = VerificationKey.of(key.generatePublicKey().getEncoded());
    this.signing = Ed25519.INSTANCE.signing(seed, verificationKey.raw());
  }

  /** A new key from the system's secure random source. */
  public static SigningKey generate() {
    return new SigningKey(new Ed25519PrivateKeyParameters(new SecureRandom()));
  }

  /** A key from its 32-byte seed. */
  public static SigningKey fromSeed(byte[] seed) {
    return new SigningKey(new Ed25519PrivateKeyParameters(seed));
  }

  /**
   * A key from PEM (PKCS#8, RFC 8410).
   *
   * @param source names the text in errors, which never quote it
   */
  public static SigningKey fromPem(String pem, String source) throws KeyException {
    try {
      AsymmetricKeyParameter key = PrivateKeyFactory.createKey(Pem.decode(pem, PEM_TYPE, source));
      if (key instanceof Ed25519PrivateKeyParameters ed25519) {
        return new SigningKey(ed25519);
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
    return signing.sign(message);
  }

  /** PEM (PKCS#8, RFC 8410). Secret. */
  public String toPem() {
    try {
      AlgorithmIdentifier algorithm = new AlgorithmIdentifier(ED25519);
      return Pem.encode(
          PEM_TYPE, new PrivateKeyInfo(algorithm, new DEROctetString(seed)).getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("an Ed25519 key always encodes", e);
    }
  }

  /** Names the key; never its secret. */
  @Override
  public String toString() {
    return "private half of " + verificationKey;
  }
}
