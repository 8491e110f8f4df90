// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.util.Arrays;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPublicKeyParameters;
import org.bouncycastle.crypto.signers.MLDSASigner;

/**
 * An ML-DSA-44 public key in the encoding of FIPS 204 section 7.2. Verifies cosignatures, and the
 * second signature of a log's checkpoints; rows are signed with Ed25519. Immutable.
 */
public final class MlDsa44Key implements SignatureKey {
  /** Length of a raw public key, in bytes. */
  public static final int KEY_BYTES = 1_312;

  /** Length of a signature, in bytes. */
  public static final int SIGNATURE_BYTES = 2_420;

  /** Length of the seed of the matrix, in bytes. The vector t1 follows it. */
  private static final int RHO_BYTES = 32;

  private final byte[] raw;

  private MlDsa44Key(byte[] raw) {
    this.raw = raw;
  }

  /**
   * Returns the key of {@value #KEY_BYTES} raw bytes.
   *
   * <p>Refuses a key whose vector t1 is all zeros: FIPS 204 never generates it, and anyone could
   * sign under it.
   */
  public static MlDsa44Key of(byte[] raw) {
    if (raw.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "an ML-DSA-44 public key is %s bytes, not %s".formatted(KEY_BYTES, raw.length));
    }
    byte[] copy = raw.clone();
    boolean zero = true;
    for (int i = RHO_BYTES; i < copy.length; i++) {
      zero &= copy[i] == 0;
    }
    if (zero) {
      throw new IllegalArgumentException("not a valid ML-DSA-44 public key");
    }
    return new MlDsa44Key(copy);
  }

  @Override
  public byte[] raw() {
    return raw.clone();
  }

  @Override
  public String keyId() {
    return Sha256.keyId(raw);
  }

  /** Returns true if this key made {@code signature}, in pure mode with an empty context. */
  @Override
  public boolean verifies(byte[] message, byte[] signature) {
    if (signature.length != SIGNATURE_BYTES) {
      return false;
    }
    MLDSASigner verifier = new MLDSASigner();
    verifier.init(false, new MLDSAPublicKeyParameters(MLDSAParameters.ml_dsa_44, raw));
    verifier.update(message, 0, message.length);
    return verifier.verifySignature(signature);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MlDsa44Key key && Arrays.equals(key.raw, raw);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(raw);
  }

  @Override
  public String toString() {
    return "ML-DSA-44 key " + keyId();
  }
}
