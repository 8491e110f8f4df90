// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Hash;
import dev.indelible.receipt.CoseReceipt;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Creating the proof of one row reads only a small part of a large log. */
class ProvenRowTest {
  private static final String ORIGIN = "log.example";

  private final SigningKey key = SigningKey.generate();
  private final KeyRing ring = KeyRing.of(List.of(key.verificationKey()));

  /**
   * Counts the tiles that a proof reads: their number grows with the logarithm of the size. The
   * test computes the expected root from the definition in RFC 9162 section 2.1.1.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0",
    "256, 256, 2",
    "256, 257, 2",
    "9876543, 10000000, 6",
    "1, 10000000, 6",
    "10000000, 10000000, 3",
    "123456789012, 1000000000000, 10"
  })
  void proofReadsAtMostTwoTilesPerLevel(long sequence, long size, int atMost) throws Exception {
    EqualLeaves ledger = new EqualLeaves(sequence, size);

    ProvenRow proven = ProvenRow.of(ledger, ring, List.of(), ledger.row.id());

    assertThat(ledger.tilesRead).isLessThanOrEqualTo(atMost);
    TlogProof proof = TlogProof.parse(proven.tlogProof(proven.record()).bytes());
    assertThat(proof.index()).isEqualTo(sequence - 1);
    proof.verify(
        ledger.row.record(),
        WitnessPolicy.ofLogs(List.of(NoteSigner.of(ORIGIN, key).verifierKey())));
    CoseReceipt.parse(proven.coseReceipt(key).bytes())
        .verify(ledger.row.record(), key.verificationKey());
  }

  /** A ledger of any size. All its leaves equal the leaf of its only row. */
  private final class EqualLeaves implements LedgerReader {
    private final ChainRow row;
    private final long size;
    private final Map<Long, Hash> trees = new HashMap<>();
    private int tilesRead;

    EqualLeaves(long sequence, long size) {
      this.row = ChainedRows.at(ChainedRows.sealed(key, 1).get(0), sequence);
      this.size = size;
    }

    /** Returns the root of a tree with {@code leaves} equal leaves. */
    private Hash tree(long leaves) {
      if (leaves == 1) {
        return Hash.ofLeaf(row.record());
      }
      Hash known = trees.get(leaves);
      if (known == null) {
        long left = Long.highestOneBit(leaves - 1);
        known = Hash.ofNode(tree(left), tree(leaves - left));
        trees.put(leaves, known);
      }
      return known;
    }

    @Override
    public Optional<ChainRow> row(String id) {
      return Optional.of(row).filter(each -> each.id().equals(id));
    }

    @Override
    public Optional<byte[]> tile(int level, long index) {
      tilesRead++;
      int width = (int) Math.min(256, (size >>> 8 * level) - index * 256);
      byte[] hash = tree(1L << 8 * level).bytes();
      byte[] hashes = new byte[width * Hash.BYTES];
      for (int i = 0; i < width; i++) {
        System.arraycopy(hash, 0, hashes, i * Hash.BYTES, Hash.BYTES);
      }
      return Optional.of(hashes);
    }

    @Override
    public Optional<StoredCheckpoint> lastCheckpoint() {
      SignedCheckpoint signed =
          SignedCheckpoint.sign(
              Checkpoint.of(ORIGIN, size, tree(size)), NoteSigner.of(ORIGIN, key));
      return Optional.of(new StoredCheckpoint(size, signed.bytes()));
    }

    @Override
    public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) {
      throw new AssertionError("a proof reads only its own row");
    }

    @Override
    public Optional<ChainRow> row(long sequence) {
      throw new AssertionError("a proof reads only its own row");
    }

    @Override
    public Optional<ChainRow> lastRow() {
      throw new AssertionError("a proof reads only its own row");
    }

    @Override
    public Optional<UUID> id() {
      return Optional.empty();
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public long size(String eventType) {
      return 0;
    }

    @Override
    public OptionalLong treeSize() {
      return OptionalLong.of(size);
    }

    @Override
    public void forEachCheckpoint(long from, long to, Visitor<StoredCheckpoint> visitor) {}

    @Override
    public long dlqSize() {
      return 0;
    }

    @Override
    public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) {}

    @Override
    public void close() {}
  }
}
