// SPDX-License-Identifier: Apache-2.0
/**
 * The Merkle tree over the chain: a small, pure part that knows hashes and positions, and nothing
 * of rows, files or keys.
 *
 * <p>The story in the order it happens:
 *
 * <ol>
 *   <li>Each record becomes a leaf ({@link dev.indelible.merkle.Hash#ofLeaf}), in the order of the
 *       chain.
 *   <li>A store of the tree holds a {@link dev.indelible.merkle.TileEdge}, the right edge of the
 *       tree as tiles, and appends leaves to it a batch at a time; out come the {@link
 *       dev.indelible.merkle.Tile}s to write and the root to sign. {@link
 *       dev.indelible.merkle.TilePath} and {@link dev.indelible.merkle.EntryBundle} say how tiles
 *       and entries are laid out as files.
 *   <li>A program that recomputes a tree from its leaves uses a {@link
 *       dev.indelible.merkle.CompactRange}, which holds one hash a level and no more.
 *   <li>A prover that a record is in the tree, or that a tree only ever grew, asks a {@link
 *       dev.indelible.merkle.MerkleTree}, which reads the few hashes it needs from where the tiles
 *       are kept ({@link dev.indelible.merkle.TiledNodes}).
 *   <li>A verifier checks the {@link dev.indelible.merkle.InclusionProof} or the {@link
 *       dev.indelible.merkle.ConsistencyProof} with nothing but the roots.
 * </ol>
 *
 * <p>Hashes and proofs are those of RFC 6962 section 2.1 and RFC 9162 section 2.1, with SHA-256;
 * tiles those of C2SP tlog-tiles. Sizes and indexes are whole numbers from 0 to 2<sup>63</sup>-1.
 */
@NullMarked
package dev.indelible.merkle;

import org.jspecify.annotations.NullMarked;
