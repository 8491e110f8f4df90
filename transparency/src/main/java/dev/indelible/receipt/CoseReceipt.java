// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.InvalidProofException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A COSE receipt of inclusion (RFC 9942, RFC9162_SHA256): a tagged COSE_Sign1, signed with Ed25519.
 * Its detached payload is the root of the tree. Untrusted until {@link #verify} has returned.
 *
 * <p>The signature covers the root, but neither the log's name nor its size. Therefore a key that
 * signs for one log must not sign for another. The receipt reveals the number of records in the
 * log.
 */
public final class CoseReceipt {
  /** Tag of COSE_Sign1 (RFC 9052 section 2). */
  private static final int COSE_SIGN1 = 18;

  /** Header parameters: RFC 9052 section 3.1 and RFC 9942 section 2. */
  private static final int ALGORITHM = 1;

  private static final int KEY_ID = 4;
  private static final int DATA_STRUCTURE = 395;
  private static final int PROOFS = 396;

  /** EdDSA (RFC 9053 section 2.2). */
  private static final int EDDSA = -8;

  /** RFC9162_SHA256, and the label of its inclusion proofs (RFC 9942 section 4). */
  private static final int RFC9162_SHA256 = 1;

  private static final int INCLUSION = -1;

  /** Maximum number of hashes on the path from a leaf to the root, in a tree of 2^63-1 leaves. */
  private static final int MAX_HASHES = 63;

  /** Maximum number of bytes to parse; no receipt is longer. */
  private static final int MAX_BYTES = 4096;

  private final byte[] keyId;
  private final InclusionProof proof;
  private final byte[] signature;

  private CoseReceipt(byte[] keyId, InclusionProof proof, byte[] signature) {
    this.keyId = keyId;
    this.proof = proof;
    this.signature = signature;
  }

  /**
   * Signs a receipt. A log MUST sign only roots of its own tree.
   *
   * @param root the root of the tree of {@code proof}
   */
  public static CoseReceipt sign(InclusionProof proof, Hash root, Signer signer) {
    byte[] keyId = keyId(signer.verificationKey());
    return new CoseReceipt(keyId, proof, signer.sign(signed(protectedHeader(keyId), root)));
  }

  /**
   * Reads a receipt.
   *
   * @throws ReceiptParseException if the bytes are not a receipt in the form that this class writes
   */
  public static CoseReceipt parse(byte[] bytes) throws ReceiptParseException {
    CborReader in = new CborReader(bytes, "receipt");
    if (bytes.length > MAX_BYTES) {
      throw in.refused("%s bytes; the limit is %s", bytes.length, MAX_BYTES);
    }
    in.tag(COSE_SIGN1);
    in.array(4);
    byte[] keyId = parseProtected(in.bytes());
    in.map(1);
    in.label(PROOFS);
    in.map(1);
    in.label(INCLUSION);
    in.array(1);
    InclusionProof proof = parseProof(in.bytes());
    in.nothing();
    byte[] signature = in.bytes();
    if (signature.length != VerificationKey.SIGNATURE_BYTES) {
      throw in.refused("a signature of %s bytes", signature.length);
    }
    in.end();
    return new CoseReceipt(keyId, proof, signature);
  }

  /**
   * Reads the protected header and returns the key's id. Only this header decides what the proof
   * means, because no signature covers the unprotected header.
   */
  private static byte[] parseProtected(byte[] bytes) throws ReceiptParseException {
    CborReader in = new CborReader(bytes, "protected header of receipt");
    in.map(3);
    in.label(ALGORITHM);
    if (in.integer() != EDDSA) {
      throw in.refused("an algorithm that is not EdDSA (-8)");
    }
    in.label(KEY_ID);
    byte[] keyId = in.bytes();
    in.label(DATA_STRUCTURE);
    if (in.integer() != RFC9162_SHA256) {
      throw in.refused("a data structure that is not RFC9162_SHA256 (1)");
    }
    in.end();
    return keyId;
  }

  private static InclusionProof parseProof(byte[] bytes) throws ReceiptParseException {
    CborReader in = new CborReader(bytes, "proof in receipt");
    in.array(3);
    long size = in.unsigned();
    long index = in.unsigned();
    long hashes = in.array();
    if (hashes > MAX_HASHES) {
      throw in.refused("%s hashes; the limit is %s", hashes, MAX_HASHES);
    }
    List<Hash> path = new ArrayList<>();
    while (path.size() < hashes) {
      byte[] hash = in.bytes();
      if (hash.length != Hash.BYTES) {
        throw in.refused("a hash of %s bytes", hash.length);
      }
      path.add(Hash.of(hash));
    }
    in.end();
    return new InclusionProof(index, size, path);
  }

  /**
   * Verifies that a record is in the log of a key, in the order of RFC 9942: computes the root from
   * the record and the path, then verifies the signature of the root.
   *
   * @param record the bytes of the record as the log stores them
   * @throws VerificationException if the receipt does not verify
   */
  public void verify(byte[] record, VerificationKey key) throws VerificationException {
    if (!Arrays.equals(keyId, keyId(key))) {
      throw new VerificationException(
          Reason.NO_KNOWN_SIGNATURE,
          "signed by key %s, not by %s".formatted(HexFormat.of().formatHex(keyId), key.keyId()));
    }
    Hash root;
    try {
      root = proof.rootFrom(Hash.ofLeaf(record));
    } catch (InvalidProofException e) {
      throw new VerificationException(Reason.NOT_INCLUDED, e.getMessage());
    }
    if (!key.verifies(signed(protectedHeader(keyId), root), signature)) {
      throw new VerificationException(
          Reason.BAD_SIGNATURE,
          "key %s did not sign root %s, which this record and the receipt's path compute: it is another record, or the receipt was changed"
              .formatted(key.keyId(), root));
    }
  }

  /** Returns the claimed index of the record, and the path to the root. */
  public InclusionProof proof() {
    return proof;
  }

  /** Returns the bytes in which the receipt is stored and sent. */
  public byte[] bytes() {
    return new CborWriter()
        .tag(COSE_SIGN1)
        .array(4)
        .bytes(protectedHeader(keyId))
        .map(1)
        .integer(PROOFS)
        .map(1)
        .integer(INCLUSION)
        .array(1)
        .bytes(encodedProof())
        .nothing()
        .bytes(signature)
        .toBytes();
  }

  private byte[] encodedProof() {
    CborWriter out =
        new CborWriter()
            .array(3)
            .integer(proof.size())
            .integer(proof.index())
            .array(proof.path().size());
    proof.path().forEach(hash -> out.bytes(hash.bytes()));
    return out.toBytes();
  }

  private static byte[] protectedHeader(byte[] keyId) {
    return new CborWriter()
        .map(3)
        .integer(ALGORITHM)
        .integer(EDDSA)
        .integer(KEY_ID)
        .bytes(keyId)
        .integer(DATA_STRUCTURE)
        .integer(RFC9162_SHA256)
        .toBytes();
  }

  /** Returns the Sig_structure of RFC 9052 section 4.4, with the root as payload. */
  private static byte[] signed(byte[] protectedHeader, Hash root) {
    return new CborWriter()
        .array(4)
        .text("Signature1")
        .bytes(protectedHeader)
        .bytes(new byte[0])
        .bytes(root.bytes())
        .toBytes();
  }

  private static byte[] keyId(VerificationKey key) {
    return HexFormat.of().parseHex(key.keyId());
  }
}
