// SPDX-License-Identifier: Apache-2.0
/**
 * The Merkle tree over the chain: pure functions of hashes and positions. The package does not use
 * rows, files or keys.
 *
 * <p>In the order of their use:
 *
 * <ol>
 *   <li>Each record becomes a leaf ({@link dev.indelible.merkle.Hash#ofLeaf}), in the order of the
 *       chain.
 *   <li>A writer of the tree has a {@link dev.indelible.merkle.TileEdge}, the right edge of the
 *       tree as tiles, and appends leaves to it in batches; the result is the {@link
 *       dev.indelible.merkle.Tile}s to write and the root to sign. {@link
 *       dev.indelible.merkle.TilePath} and {@link dev.indelible.merkle.EntryBundle} define how
 *       tiles and entries are laid out as files.
 *   <li>A program that recomputes a tree from its leaves uses a {@link
 *       dev.indelible.merkle.CompactRange}, which stores at most one hash per level.
 *   <li>A prover of inclusion or consistency uses a {@link dev.indelible.merkle.MerkleTree}, which
 *       reads the few needed hashes from the tiles ({@link dev.indelible.merkle.TiledNodes}).
 *   <li>A verifier checks an {@link dev.indelible.merkle.InclusionProof} or a {@link
 *       dev.indelible.merkle.ConsistencyProof} with only the roots.
 * </ol>
 *
 * <p>Hashes and proofs follow RFC 6962 section 2.1 and RFC 9162 section 2.1, with SHA-256; tiles
 * follow C2SP tlog-tiles. Sizes and indexes are whole numbers from 0 to 2<sup>63</sup>-1.
 */
@NullMarked
package dev.indelible.merkle;

import org.jspecify.annotations.NullMarked;
