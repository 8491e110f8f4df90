// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import dev.indelible.crypto.Sha256;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * A SHA-256 hash in a Merkle tree: the hash of a leaf, a node or a whole tree (RFC 6962 section
 * 2.1). Immutable.
 */
public final class Hash {
  /** Length, in bytes. */
  public static final int BYTES = Sha256.BYTES;

  /** The root of the tree with no leaves. It differs from the hash of an empty leaf. */
  public static final Hash EMPTY_TREE = new Hash(Sha256.hash());

  /** Prefixes that keep a leaf from being accepted as a node, and a node as a leaf. */
  private static final byte[] LEAF_PREFIX = {0x00};

  private static final byte[] NODE_PREFIX = {0x01};

  private final byte[] bytes;

  private Hash(byte[] owned) {
    this.bytes = owned;
  }

  /**
   * Returns a hash of these bytes.
   *
   * @throws IllegalArgumentException if there are not {@value #BYTES} bytes
   */
  public static Hash of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "a Merkle tree hash is %s bytes, not %s".formatted(BYTES, bytes.length));
    }
    return new Hash(bytes.clone());
  }

  /** Returns the hash of an entry as a leaf. */
  public static Hash ofLeaf(byte[] entry) {
    return new Hash(Sha256.hash(LEAF_PREFIX, entry));
  }

  /** Returns the hash of a node with two children. */
  public static Hash ofNode(Hash left, Hash right) {
    return new Hash(Sha256.hash(NODE_PREFIX, left.bytes, right.bytes));
  }

  /** Returns the hash in the {@value #BYTES} bytes from {@code offset} on. */
  static Hash at(byte[] many, int offset) {
    return new Hash(Arrays.copyOfRange(many, offset, offset + BYTES));
  }

  /** Copies the bytes into {@code target} from {@code offset} on. */
  void writeTo(byte[] target, int offset) {
    System.arraycopy(bytes, 0, target, offset, BYTES);
  }

  /** Returns the bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Returns the hash in standard base64, as in checkpoints and proofs. */
  public String base64() {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Returns the hash in lower-case hex. */
  public String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Hash hash && Arrays.equals(hash.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return hex();
  }
}
