// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.InvalidProofException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A receipt that proves offline that a record is in a log. Its verifier needs the record and
 * trusted keys (C2SP tlog-proof v1, files named {@code .tlog-proof}).
 */
public final class TlogProof {
  /** Maximum number of hashes on the path from a leaf to the root, in a tree of 2^63-1 leaves. */
  public static final int MAX_HASHES = 63;

  /** Maximum length of a receipt, in bytes: 1 MiB of extra data in base64, and the rest. */
  public static final int MAX_BYTES = 3 * 1024 * 1024;

  private static final String HEADER = "c2sp.org/tlog-proof@v1";
  private static final String EXTRA = "extra ";
  private static final String INDEX = "index ";

  private final Optional<byte[]> extra;
  private final long index;
  private final List<Hash> path;
  private final SignedCheckpoint checkpoint;

  private TlogProof(
      Optional<byte[]> extra, long index, List<Hash> path, SignedCheckpoint checkpoint) {
    this.extra = extra.map(byte[]::clone);
    this.index = index;
    this.path = List.copyOf(path);
    this.checkpoint = checkpoint;
  }

  /**
   * Returns a receipt from an inclusion proof and a checkpoint of its tree.
   *
   * @throws IllegalArgumentException if proof and checkpoint are for trees of different sizes
   */
  public static TlogProof of(InclusionProof proof, SignedCheckpoint checkpoint) {
    if (proof.size() != checkpoint.unverified().size()) {
      throw new IllegalArgumentException(
          "a proof for size %s needs a checkpoint of that size, not of size %s"
              .formatted(proof.size(), checkpoint.unverified().size()));
    }
    return new TlogProof(Optional.empty(), proof.index(), proof.path(), checkpoint);
  }

  /**
   * Returns this receipt with opaque extra data, which no signature covers.
   *
   * @throws IllegalArgumentException if the data is empty
   */
  public TlogProof withExtra(byte[] data) {
    if (data.length == 0) {
      throw new IllegalArgumentException("extra data must not be empty");
    }
    return new TlogProof(Optional.of(data), index, path, checkpoint);
  }

  /**
   * Reads a receipt.
   *
   * @throws CheckpointParseException if the bytes are not a receipt
   */
  public static TlogProof parse(byte[] bytes) throws CheckpointParseException {
    String text = StrictText.decode(bytes, MAX_BYTES, "proof");
    int blank = text.indexOf("\n\n");
    if (blank < 0) {
      throw new CheckpointParseException("proof: no empty line before its checkpoint");
    }
    List<String> lines = new ArrayList<>(Arrays.asList(text.substring(0, blank).split("\n", -1)));
    requireHeader(lines.remove(0));
    Optional<byte[]> extra = takeExtra(lines);
    long index = takeIndex(lines);
    if (lines.size() > MAX_HASHES) {
      throw new CheckpointParseException(
          "proof: %s hashes; the limit is %s".formatted(lines.size(), MAX_HASHES));
    }
    List<Hash> path = new ArrayList<>();
    for (String line : lines) {
      path.add(StrictText.hash(line, "hash %s of proof".formatted(path.size() + 1)));
    }
    byte[] checkpoint = text.substring(blank + 2).getBytes(StandardCharsets.UTF_8);
    return new TlogProof(extra, index, path, SignedCheckpoint.parse(checkpoint));
  }

  private static void requireHeader(String line) throws CheckpointParseException {
    if (!line.equals(HEADER)) {
      throw StrictText.refused("first line of proof", line, "not " + HEADER);
    }
  }

  private static Optional<byte[]> takeExtra(List<String> lines) throws CheckpointParseException {
    if (lines.isEmpty() || !lines.get(0).startsWith(EXTRA)) {
      return Optional.empty();
    }
    String line = lines.remove(0);
    byte[] data = StrictText.base64(line.substring(EXTRA.length()), "extra data of proof");
    if (data.length == 0) {
      throw StrictText.refused(
          "extra data of proof", line, "it is empty; such a line must be absent");
    }
    return Optional.of(data);
  }

  private static long takeIndex(List<String> lines) throws CheckpointParseException {
    if (lines.isEmpty() || !lines.get(0).startsWith(INDEX)) {
      throw StrictText.refused("proof", lines.isEmpty() ? "" : lines.get(0), "not \"index <n>\"");
    }
    return StrictText.decimal(lines.remove(0).substring(INDEX.length()), "index of proof");
  }

  /**
   * Verifies that a record is in a trusted log, and returns the checkpoint that covers it.
   *
   * @param record the bytes of the record as the log stores them
   * @throws VerificationException if the checkpoint does not verify, or the record is not in its
   *     tree at the claimed index
   */
  public WitnessPolicy.Witnessed verify(byte[] record, WitnessPolicy policy)
      throws VerificationException {
    WitnessPolicy.Witnessed witnessed = policy.verify(checkpoint);
    try {
      new InclusionProof(index, witnessed.checkpoint().size(), path)
          .verify(Hash.ofLeaf(record), witnessed.checkpoint().root());
    } catch (InvalidProofException e) {
      throw new VerificationException(Reason.NOT_INCLUDED, e.getMessage());
    }
    return witnessed;
  }

  /** Returns the claimed index of the record in the log, from 0. */
  public long index() {
    return index;
  }

  /** Returns the claimed path from the record to the root. */
  public List<Hash> path() {
    return path;
  }

  /** Returns the checkpoint. */
  public SignedCheckpoint checkpoint() {
    return checkpoint;
  }

  /** Returns the opaque extra data, which no signature covers. */
  public Optional<byte[]> extra() {
    return extra.map(byte[]::clone);
  }

  /** Returns the bytes in which the receipt is stored and sent. */
  public byte[] bytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the receipt as text. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(HEADER).append('\n');
    extra.ifPresent(
        data -> out.append(EXTRA).append(Base64.getEncoder().encodeToString(data)).append('\n'));
    out.append(INDEX).append(index).append('\n');
    path.forEach(hash -> out.append(hash.base64()).append('\n'));
    return out.append('\n').append(checkpoint).toString();
  }
}
