// SPDX-License-Identifier: Apache-2.0
/**
 * The Merkle tree over the chain: pure functions of hashes and positions. It knows no rows, files
 * or keys.
 *
 * <p>In the order of their use:
 *
 * <ol>
 *   <li>Each record becomes a leaf ({@link dev.indelible.merkle.Hash#ofLeaf}), in the order of the
 *       chain.
 *   <li>A writer of the tree holds a {@link dev.indelible.merkle.TileEdge}, the right edge of the
 *       tree as tiles, and appends leaves to it in batches; the result is the {@link
 *       dev.indelible.merkle.Tile}s to write and the root to sign. {@link
 *       dev.indelible.merkle.TilePath} and {@link dev.indelible.merkle.EntryBundle} define how
 *       tiles and entries are laid out as files.
 *   <li>A program that recomputes a tree from its leaves uses a {@link
 *       dev.indelible.merkle.CompactRange}, which holds one hash a level.
 *   <li>A prover of an inclusion, or of a consistent growth, uses a {@link
 *       dev.indelible.merkle.MerkleTree}, which reads the few needed hashes from the tiles ({@link
 *       dev.indelible.merkle.TiledNodes}).
 *   <li>A verifier checks an {@link dev.indelible.merkle.InclusionProof} or a {@link
 *       dev.indelible.merkle.ConsistencyProof} with the roots alone.
 * </ol>
 *
 * <p>Hashes and proofs are those of RFC 6962 section 2.1 and RFC 9162 section 2.1, with SHA-256;
 * tiles those of C2SP tlog-tiles. Sizes and indexes are whole numbers from 0 to 2<sup>63</sup>-1.
 */
@NullMarked
package dev.indelible.merkle;

import org.jspecify.annotations.NullMarked;
