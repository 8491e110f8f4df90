// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** BouncyCastle's low-level Ed25519, without the overhead of the JCA. */
final class BouncyCastleEd25519 implements Ed25519 {
  @Override
  public Signing signing(byte[] seed, byte[] publicKey) {
    return message -> {
      byte[] signature = new byte[VerificationKey.SIGNATURE_BYTES];
      org.bouncycastle.math.ec.rfc8032.Ed25519.sign(
          seed, 0, publicKey, 0, message, 0, message.length, signature, 0);
      return signature;
    };
  }

  @Override
  public Verifying verifying(byte[] publicKey) {
    return (message, signature) ->
        org.bouncycastle.math.ec.rfc8032.Ed25519.verify(
            signature, 0, publicKey, 0, message, 0, message.length);
  }
}
