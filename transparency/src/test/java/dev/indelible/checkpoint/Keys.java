// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.SigningKey;
import dev.indelible.merkle.CompactRange;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.MerkleTree;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Fixed keys and a small log, shared by the tests of this package. */
final class Keys {
  static final String ORIGIN = "log.example/audit";

  static final SigningKey LOG_KEY = key(1);
  static final NoteSigner LOG = NoteSigner.of(ORIGIN, LOG_KEY);
  static final NoteSigner OTHER = NoteSigner.of("other.example", key(2));

  private Keys() {}

  static SigningKey key(int seed) {
    return SigningKey.fromSeed(ByteBuffer.allocate(32).putInt(seed).array());
  }

  /** Returns the log's private key in the format of Go's sumdb/note: name, id and seed. */
  static String skey() {
    byte[] material = ByteBuffer.allocate(33).put((byte) 1).putInt(1).array();
    return "PRIVATE+KEY+%s+%08x+%s"
        .formatted(ORIGIN, LOG.verifierKey().id(), Base64.getEncoder().encodeToString(material));
  }

  static VerifierKey witness(int number) {
    return new VerifierKey(
        "witness.example/w" + number,
        SignatureType.COSIGNATURE,
        key(100 + number).verificationKey());
  }

  static NoteSignature cosign(int number, Checkpoint checkpoint, long time) {
    return Cosignature.sign(witness(number).name(), key(100 + number), checkpoint, time).line();
  }

  static byte[] record(int index) {
    return ("record " + index).getBytes(StandardCharsets.UTF_8);
  }

  static Checkpoint checkpoint(int size) {
    CompactRange range = CompactRange.empty();
    for (int i = 0; i < size; i++) {
      range.append(Hash.ofLeaf(record(i)));
    }
    return Checkpoint.of(ORIGIN, size, range.root());
  }

  static SignedCheckpoint signed(int size) {
    return SignedCheckpoint.sign(checkpoint(size), LOG);
  }

  static MerkleTree<RuntimeException> tree(int size) {
    return new MerkleTree<>(
        (level, index) -> {
          CompactRange range = CompactRange.empty();
          for (long i = index << level; i < index + 1 << level; i++) {
            range.append(Hash.ofLeaf(record((int) i)));
          }
          return range.root();
        },
        size);
  }

  static TlogProof proof(int index, int size) {
    InclusionProof proof = tree(size).inclusionProof(index);
    return TlogProof.of(proof, signed(size));
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Returns one copy of the bytes for each bit, with that bit flipped. */
  static List<byte[]> oneBitChanges(byte[] right) {
    List<byte[]> wrong = new ArrayList<>();
    for (int bit = 0; bit < right.length * 8; bit++) {
      byte[] copy = right.clone();
      copy[bit / 8] ^= (byte) (1 << bit % 8);
      wrong.add(copy);
    }
    return wrong;
  }
}
