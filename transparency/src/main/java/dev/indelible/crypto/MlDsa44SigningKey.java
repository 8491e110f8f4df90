// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/**
 * An ML-DSA-44 private key (FIPS 204) held in memory, made from its seed. Safe for use by several
 * threads at once.
 */
public final class MlDsa44SigningKey {
  private static final int SEED_BYTES = 32;

  private static final String PEM_TYPE = "PRIVATE KEY";

  /** The DER before the seed: PKCS#8 with the seed form of RFC 9881, without attributes. */
  private static final byte[] DER_HEAD =
      HexFormat.of().parseHex("3034020100300b060960864801650304031104228020");

  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] seed;
  private final MLDSAPrivateKeyParameters key;
  private final MlDsa44Key verificationKey;

  private MlDsa44SigningKey(byte[] seed) {
    this.seed = seed;
    this.key = new MLDSAPrivateKeyParameters(MLDSAParameters.ml_dsa_44, seed);
    this.verificationKey = MlDsa44Key.of(key.getPublicKey());
  }

  /** Returns a new key from the system's secure random source. */
  public static MlDsa44SigningKey generate() {
    byte[] seed = new byte[SEED_BYTES];
    RANDOM.nextBytes(seed);
    return new MlDsa44SigningKey(seed);
  }

  /** Returns the key of a 32-byte seed. */
  public static MlDsa44SigningKey fromSeed(byte[] seed) {
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException("an ML-DSA-44 seed is 32 bytes, not " + seed.length);
    }
    return new MlDsa44SigningKey(seed.clone());
  }

  /**
   * Reads a key from PEM (PKCS#8, RFC 9881). The key must contain its seed; an expanded key beside
   * the seed is ignored.
   *
   * @param source the name of the text in errors, which never quote the text
   */
  public static MlDsa44SigningKey fromPem(String pem, String source) throws KeyException {
    byte[] der = Pem.decode(pem, PEM_TYPE, source);
    if (der.length == DER_HEAD.length + SEED_BYTES
        && Arrays.equals(der, 0, DER_HEAD.length, DER_HEAD, 0, DER_HEAD.length)) {
      return new MlDsa44SigningKey(Arrays.copyOfRange(der, DER_HEAD.length, der.length));
    }
    CipherParameters read;
    try {
      read = PrivateKeyFactory.createKey(der);
    } catch (IOException | RuntimeException e) {
      throw new KeyException(source + ": not a private key in PEM form (PKCS#8)");
    }
    if (!(read instanceof MLDSAPrivateKeyParameters key)
        || !key.getParameters().equals(MLDSAParameters.ml_dsa_44)) {
      throw new KeyException(source + ": not an ML-DSA-44 key");
    }
    byte[] seed = key.getSeed();
    if (seed == null || seed.length != SEED_BYTES) {
      throw new KeyException(
          source + ": an ML-DSA-44 key without its seed; store it in the seed form of RFC 9881");
    }
    return new MlDsa44SigningKey(seed);
  }

  /** Returns the public key. */
  public MlDsa44Key verificationKey() {
    return verificationKey;
  }

  /**
   * Returns a signature of {@code message}, in pure mode with an empty context. Two signatures of
   * one message differ, because FIPS 204 recommends fresh randomness in each (hedged signing).
   */
  public byte[] sign(byte[] message) {
    return sign(message, new ParametersWithRandom(key, RANDOM));
  }

  /** Returns the deterministic signature of {@code message}, for known answers. */
  byte[] signDeterministically(byte[] message) {
    return sign(message, key);
  }

  private static byte[] sign(byte[] message, CipherParameters with) {
    MLDSASigner signer = new MLDSASigner();
    signer.init(true, with);
    signer.update(message, 0, message.length);
    try {
      return signer.generateSignature();
    } catch (CryptoException e) {
      throw new IllegalStateException("ML-DSA-44 signs every message", e);
    }
  }

  /** Returns the key as PEM (PKCS#8, the seed form of RFC 9881). The result is secret. */
  public String toPem() {
    byte[] der = Arrays.copyOf(DER_HEAD, DER_HEAD.length + SEED_BYTES);
    System.arraycopy(seed, 0, der, DER_HEAD.length, SEED_BYTES);
    return Pem.encode(PEM_TYPE, der);
  }

  /** Returns the name of the key, never its secret. */
  @Override
  public String toString() {
    return "private half of " + verificationKey;
  }
}
