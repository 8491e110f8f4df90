// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.AddCheckpointResponse.Conflict;
import dev.indelible.merkle.ConsistencyProof;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A log's request to a witness to cosign a checkpoint: the body of {@code POST add-checkpoint}
 * (C2SP tlog-witness v1.0.0).
 *
 * @param oldSize the size of the witness's last checkpoint, as far as the log knows; 0 for none
 * @param proof the consistency proof from {@code oldSize}; empty for size 0
 * @param checkpoint the new checkpoint
 */
public record AddCheckpointRequest(long oldSize, List<Hash> proof, SignedCheckpoint checkpoint) {
  /** Maximum number of hashes in the proof. */
  public static final int MAX_HASHES = 63;

  private static final String OLD = "old ";

  public AddCheckpointRequest {
    long newSize = checkpoint.unverified().size();
    if (oldSize < 0 || oldSize > newSize) {
      throw new IllegalArgumentException(
          "no log grows from size %s to size %s".formatted(oldSize, newSize));
    }
    if (proof.size() > MAX_HASHES) {
      throw new IllegalArgumentException(
          "%s hashes; the limit is %s".formatted(proof.size(), MAX_HASHES));
    }
    proof = List.copyOf(proof);
  }

  /**
   * Reads a request. A witness answers status 400 if this method throws.
   *
   * @throws CheckpointParseException if the bytes are not a request, or the old size exceeds the
   *     new one
   */
  public static AddCheckpointRequest parse(byte[] bytes) throws CheckpointParseException {
    String text = StrictText.decode(bytes, "request");
    int blank = text.indexOf("\n\n");
    if (blank < 0) {
      throw new CheckpointParseException("request: no empty line before its checkpoint");
    }
    List<String> lines = Arrays.asList(text.substring(0, blank).split("\n", -1));
    if (!lines.get(0).startsWith(OLD)) {
      throw StrictText.refused("first line of request", lines.get(0), "not \"old <size>\"");
    }
    long oldSize = StrictText.decimal(lines.get(0).substring(OLD.length()), "old size of request");
    List<Hash> proof = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      proof.add(StrictText.hash(line, "hash %s of request".formatted(proof.size() + 1)));
    }
    byte[] checkpoint = text.substring(blank + 2).getBytes(StandardCharsets.UTF_8);
    try {
      return new AddCheckpointRequest(oldSize, proof, SignedCheckpoint.parse(checkpoint));
    } catch (IllegalArgumentException e) {
      throw new CheckpointParseException("request: " + e.getMessage());
    }
  }

  /**
   * Compares the new checkpoint with the last one that the witness of a log has admitted. Before
   * the call, a witness verifies the log's signature; until it has stored the new checkpoint, it
   * compares no other checkpoint of the log.
   *
   * @param last the last admitted checkpoint of the log; null if there is none
   * @return empty if the new checkpoint continues the last one; a conflict if the last one does not
   *     have the request's old size, or has the new size and another root
   * @throws InvalidProofException if the proof does not show that the new checkpoint continues the
   *     last one; a witness answers status 422
   */
  public Optional<Conflict> conflictWith(@Nullable Checkpoint last) throws InvalidProofException {
    Checkpoint next = checkpoint.unverified();
    long lastSize = last == null ? 0 : last.size();
    if (oldSize != lastSize
        || last != null && next.size() == lastSize && !next.root().equals(last.root())) {
      return Optional.of(new Conflict(lastSize));
    }
    verifyGrowth(last == null ? Hash.EMPTY_TREE : last.root());
    return Optional.empty();
  }

  /**
   * Verifies that the new checkpoint is consistent with the one of the old size. Every tree is
   * consistent with the empty tree, so old size 0 needs no proof. The root of size 0 is fixed.
   *
   * @param oldRoot the root of the old size; ignored if the old size is 0
   * @throws InvalidProofException if the checkpoints are not consistent
   */
  void verifyGrowth(Hash oldRoot) throws InvalidProofException {
    Checkpoint grown = checkpoint.unverified();
    if (oldSize > 0) {
      new ConsistencyProof(oldSize, grown.size(), proof).verify(oldRoot, grown.root());
    } else if (!proof.isEmpty()) {
      throw new InvalidProofException("old size 0 needs no proof, and the proof is not empty");
    } else if (grown.size() == 0 && !grown.root().equals(Hash.EMPTY_TREE)) {
      throw new InvalidProofException(
          "size 0 with root " + grown.root() + ", not the empty tree's");
    }
  }

  /** Returns the body of the request. */
  public byte[] bytes() {
    StringBuilder out = new StringBuilder(OLD).append(oldSize).append('\n');
    proof.forEach(hash -> out.append(hash.base64()).append('\n'));
    return out.append('\n').append(checkpoint).toString().getBytes(StandardCharsets.UTF_8);
  }
}
