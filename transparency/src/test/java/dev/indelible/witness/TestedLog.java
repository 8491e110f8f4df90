// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.ReferenceTree;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A log in memory for tests of witnesses. It computes trees and proofs from the definitions of RFC
 * 9162, and builds requests by hand.
 */
public final class TestedLog {
  private final String origin;
  private final NoteSigner signer;
  private final List<byte[]> entries = new ArrayList<>();

  public TestedLog(String origin, int seed) {
    this(origin, NoteSigner.of(origin, key(seed)));
  }

  private TestedLog(String origin, NoteSigner signer) {
    this.origin = origin;
    this.signer = signer;
  }

  /** Returns a fixed key. */
  public static SigningKey key(int seed) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) seed;
    return SigningKey.fromSeed(bytes);
  }

  /** Adds entries. Logs with different flavours differ, like forks. */
  public TestedLog grow(String flavour, int entriesMore) {
    for (int i = 0; i < entriesMore; i++) {
      entries.add((flavour + entries.size()).getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  /** Returns the log as it was at a smaller size, with its key. */
  public TestedLog rolledBack(int size) {
    TestedLog before = new TestedLog(origin, signer);
    before.entries.addAll(entries.subList(0, size));
    return before;
  }

  public VerifierKey key() {
    return signer.verifierKey();
  }

  public int size() {
    return entries.size();
  }

  public List<byte[]> entries() {
    return List.copyOf(entries);
  }

  public Hash root(int size) {
    return size == 0 ? Hash.EMPTY_TREE : new ReferenceTree(entries).root(size);
  }

  public List<Hash> proof(int from, int to) {
    return from == 0 || from == to ? List.of() : new ReferenceTree(entries).proof(from, to);
  }

  /** Returns the tree of the first entries, from which a client makes its proofs. */
  public MerkleTree<RuntimeException> tree(int size) {
    return new MerkleTree<>(
        (level, index) ->
            new ReferenceTree(entries.subList((int) (index << level), (int) (index + 1 << level)))
                .root(1 << level),
        size);
  }

  /** Returns the signed checkpoint for a size. */
  public String checkpoint(int size) {
    return SignedCheckpoint.sign(Checkpoint.of(origin, size, root(size)), signer).toString();
  }

  /** Returns a request to cosign the whole log, for a witness that saw {@code old} entries. */
  public String request(int old) {
    return request(old, proof(old, size()), checkpoint(size()));
  }

  public static String request(long old, List<Hash> proof, String checkpoint) {
    StringBuilder out = new StringBuilder("old " + old + "\n");
    proof.forEach(hash -> out.append(hash.base64()).append('\n'));
    return out + "\n" + checkpoint;
  }
}
