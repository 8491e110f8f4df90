// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.TiledNodes;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Signs the checkpoints of one log. Guarantees that each checkpoint continues the previous one:
 * before it signs, it makes a consistency proof from the stored tree and verifies it. After a
 * failed proof it signs nothing more. Used by one thread at a time.
 */
public final class CheckpointSigner {
  private final String origin;
  private final NoteSigner signer;

  /**
   * The last checkpoint that this signer signed. Reveals a rollback of the storage to an earlier
   * state.
   */
  private Optional<Checkpoint> lastSigned = Optional.empty();

  /** The reason why this signer signs nothing more; empty while it signs. */
  private Optional<String> refusal = Optional.empty();

  /**
   * Creates a signer for one log.
   *
   * @param origin the log's name in checkpoints
   */
  public CheckpointSigner(String origin, Signer signer) {
    this.origin = origin;
    this.signer = NoteSigner.of(origin, signer);
  }

  /** Reports to this signer that a checkpoint was stored. */
  public void stored(SignedCheckpoint checkpoint) {
    lastSigned = Optional.of(checkpoint.unverified());
  }

  /**
   * Reports to this signer an earlier checkpoint that was kept outside the storage. Ignores a
   * checkpoint of another log, and one that this log did not sign.
   *
   * @param keys further keys that may have signed the checkpoint
   */
  public void signedBefore(byte[] note, Collection<VerificationKey> keys) {
    try {
      lastSigned = Optional.of(verify(note, keys));
    } catch (ForkException e) {
      // Not signed by this log, so it proves nothing.
    }
  }

  /** Returns the number of rows under the last checkpoint that is known to be signed; 0 if none. */
  public long signed() {
    return lastSigned.map(Checkpoint::size).orElse(0L);
  }

  /**
   * Signs a checkpoint for a tree size.
   *
   * @param last the last stored checkpoint, or empty
   * @param keys further keys that may have signed the last checkpoint
   * @param tiles the stored tree
   * @throws ForkException if the tree does not continue the last checkpoint, or the last checkpoint
   *     belongs to another log; every later call throws it too
   */
  public <X extends Exception> SignedCheckpoint sign(
      Optional<byte[]> last, Collection<VerificationKey> keys, TileSource<X> tiles, long size)
      throws ForkException, X {
    if (refusal.isPresent()) {
      throw new ForkException(refusal.get());
    }
    try {
      MerkleTree<X> tree = TiledNodes.tree(tiles, size);
      Hash root = tree.root();
      Optional<Checkpoint> before =
          last.isPresent() ? Optional.of(verify(last.get(), keys)) : lastSigned;
      if (lastSigned.isPresent() && !lastSigned.equals(before)) {
        requireContinued(lastSigned.get(), before.get(), tree, root);
      }
      if (before.isPresent()) {
        requireContinued(before.get(), tree, root);
      }
      return SignedCheckpoint.sign(Checkpoint.of(origin, size, root), signer);
    } catch (ForkException e) {
      refusal = Optional.of(e.getMessage());
      throw e;
    }
  }

  /**
   * Signs as {@link #sign} does, after the signing key was lost, perhaps with its public key.
   * Compares the tree with the earlier checkpoints, but does not verify their signatures.
   *
   * @param before the earlier checkpoints, from the storage and from the anchor file beside it
   */
  public <X extends Exception> SignedCheckpoint signAfterLostKey(
      List<byte[]> before, TileSource<X> tiles, long size) throws ForkException, X {
    MerkleTree<X> tree = TiledNodes.tree(tiles, size);
    Hash root = tree.root();
    for (byte[] note : before) {
      Checkpoint stated;
      try {
        stated = SignedCheckpoint.parse(note).unverified();
      } catch (CheckpointParseException e) {
        throw new ForkException("the last checkpoint cannot be read: " + e.getMessage());
      }
      if (!stated.origin().equals(origin)) {
        throw new ForkException("the last checkpoint is of another log: " + stated.origin());
      }
      requireContinued(stated, tree, root);
    }
    return SignedCheckpoint.sign(Checkpoint.of(origin, size, root), signer);
  }

  private Checkpoint verify(byte[] last, Collection<VerificationKey> keys) throws ForkException {
    Set<VerifierKey> known = new LinkedHashSet<>();
    known.add(signer.verifierKey());
    known.addAll(VerifierKey.ofLog(origin, keys));
    try {
      return SignedCheckpoint.parse(last).verify(origin, known);
    } catch (CheckpointParseException | VerificationException e) {
      throw ForkException.unverified(
          "the last checkpoint is not one of this log: " + e.getMessage());
    }
  }

  /**
   * Requires that the tree continues the last signed checkpoint, which is not the last stored one.
   * Another process may have signed and stored further ones, also from an older copy. A fail-over
   * may have lost the stored one, whose rows the tree must still have.
   */
  private static <X extends Exception> void requireContinued(
      Checkpoint signed, Checkpoint stored, MerkleTree<X> tree, Hash root) throws ForkException, X {
    try {
      requireContinued(signed, tree, root);
    } catch (ForkException e) {
      if (signed.size() > stored.size()) {
        throw new ForkException(
            "the database was rolled back or replaced: its last checkpoint is over %s rows, and one over %s rows was signed"
                .formatted(stored.size(), signed.size()));
      }
      throw e;
    }
  }

  private static <X extends Exception> void requireContinued(
      Checkpoint before, MerkleTree<X> tree, Hash root) throws ForkException, X {
    if (before.size() > tree.size()) {
      throw new ForkException(
          "the database was rolled back or replaced: it has %s rows, and a checkpoint over %s rows was signed"
              .formatted(tree.size(), before.size()));
    }
    if (before.size() == 0) {
      return;
    }
    try {
      tree.consistencyProof(before.size()).verify(before.root(), root);
    } catch (InvalidProofException e) {
      throw new ForkException(
          "the database was replaced or forked: its %s rows do not continue the %s rows over which a checkpoint was signed"
              .formatted(tree.size(), before.size()));
    }
  }
}
