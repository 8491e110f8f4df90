// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A reference for the code under test: the recursive definitions of RFC 9162 section 2.1, over
 * entries in memory. Shares only the {@link Hash} type with the code under test.
 */
public final class ReferenceTree {
  private final List<byte[]> entries;
  private final Map<Long, byte[]> known = new HashMap<>();

  public ReferenceTree(List<byte[]> entries) {
    this.entries = entries;
  }

  /** Returns a tree whose entries are the decimal numbers 0, 1, 2 and so on. */
  public static ReferenceTree numbered(int size) {
    List<byte[]> entries = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      entries.add(Integer.toString(i).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    return new ReferenceTree(entries);
  }

  public int size() {
    return entries.size();
  }

  public byte[] entry(int index) {
    return entries.get(index);
  }

  public Hash leaf(int index) {
    return Hash.of(mth(index, index + 1));
  }

  public List<Hash> leaves(int from, int to) {
    List<Hash> leaves = new ArrayList<>();
    for (int i = from; i < to; i++) {
      leaves.add(leaf(i));
    }
    return leaves;
  }

  /** Returns MTH(D[0:size]). */
  public Hash root(int size) {
    return Hash.of(mth(0, size));
  }

  /** Returns MTH(D[from:to]). */
  public Hash subtree(int from, int to) {
    return Hash.of(mth(from, to));
  }

  /** Returns PATH(m, D[0:n]). */
  public List<Hash> path(int m, int n) {
    return path(m, 0, n);
  }

  /** Returns PROOF(m, D[0:n]). */
  public List<Hash> proof(int m, int n) {
    return subproof(m, 0, n, true);
  }

  private byte[] mth(int from, int to) {
    long key = ((long) from << 32) | to;
    byte[] hash = known.get(key);
    if (hash == null) {
      hash = compute(from, to);
      known.put(key, hash);
    }
    return hash;
  }

  private byte[] compute(int from, int to) {
    int n = to - from;
    if (n == 0) {
      return sha256();
    }
    if (n == 1) {
      return sha256(new byte[] {0x00}, entries.get(from));
    }
    int k = split(n);
    return sha256(new byte[] {0x01}, mth(from, from + k), mth(from + k, to));
  }

  private List<Hash> path(int m, int from, int to) {
    int n = to - from;
    if (n == 1) {
      return List.of();
    }
    int k = split(n);
    return m < k
        ? append(path(m, from, from + k), subtree(from + k, to))
        : append(path(m - k, from + k, to), subtree(from, from + k));
  }

  private List<Hash> subproof(int m, int from, int to, boolean b) {
    int n = to - from;
    if (m == n) {
      return b ? List.of() : List.of(subtree(from, to));
    }
    int k = split(n);
    return m <= k
        ? append(subproof(m, from, from + k, b), subtree(from + k, to))
        : append(subproof(m - k, from + k, to, false), subtree(from, from + k));
  }

  /** Returns the largest power of two smaller than n. */
  private static int split(int n) {
    int k = 1;
    while (k * 2 < n) {
      k *= 2;
    }
    return k;
  }

  private static List<Hash> append(List<Hash> path, Hash last) {
    List<Hash> joined = new ArrayList<>(path);
    joined.add(last);
    return joined;
  }

  private static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
