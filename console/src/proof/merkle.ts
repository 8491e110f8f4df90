// SPDX-License-Identifier: Apache-2.0
import { type Bytes, concat, ContradictionError, equal } from './bytes';
import { sha256 } from './crypto';

/** Length of a hash, in bytes. */
export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Numbers of leaves are below this limit (2^63), as in the other implementation. */
const LIMIT = 2n ** 63n;

/** Returns the hash of an entry as a leaf of the tree (RFC 9162 section 2.1.1). */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(concat(LEAF, entry));
}

/** Returns the hash of a node with two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(concat(NODE, left, right));
}

/**
 * A proof that a leaf is at an index of a tree (RFC 9162 section 2.1.3).
 */
export interface InclusionProof {
  /** The index of the leaf, from 0. */
  readonly index: bigint;
  /** The number of leaves of the tree. */
  readonly size: bigint;
  /** The sibling hashes from the leaf to the root. */
  readonly path: readonly Bytes[];
}

/**
 * Returns the root to which a proof leads from a leaf (RFC 9162 section 2.1.3.2). The caller must
 * compare it with the root of the log.
 *
 * @throws ContradictionError if the index is not in the tree, or the path has a wrong length
 */
export async function rootFrom(proof: InclusionProof, leaf: Bytes): Promise<Bytes> {
  const { index, size, path } = proof;
  if (index < 0n || size < 0n || index >= LIMIT || size >= LIMIT) {
    throw new ContradictionError('an index or a size is not from 0 to 2^63-1');
  }
  if (leaf.length !== HASH_BYTES || path.some((hash) => hash.length !== HASH_BYTES)) {
    throw new ContradictionError(`a hash is not ${HASH_BYTES} bytes`);
  }
  if (index >= size) {
    throw new ContradictionError(`a tree of ${size} leaves has no leaf ${index}`);
  }
  // On each level, fn is the index of the node that was reached, and sn that of the last node.
  let fn = index;
  let sn = size - 1n;
  let reached = leaf;
  for (const sibling of path) {
    if (sn === 0n) {
      throw new ContradictionError(`the path has too many hashes: ${path.length}`);
    }
    if ((fn & 1n) === 1n || fn === sn) {
      reached = await nodeHash(sibling, reached);
      // A last node without a sibling moves up until it is a right child.
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      reached = await nodeHash(reached, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) {
    throw new ContradictionError(`the path has too few hashes: ${path.length}`);
  }
  return reached;
}

/**
 * Verifies that a leaf is in the tree with a root.
 *
 * @throws ContradictionError if the proof does not verify
 */
export async function verifyInclusion(
  proof: InclusionProof,
  leaf: Bytes,
  root: Bytes,
): Promise<void> {
  if (!equal(await rootFrom(proof, leaf), root)) {
    throw new ContradictionError('the path leads from this record to another root');
  }
}

/**
 * A proof that a tree begins with the leaves of an older tree (RFC 9162 section 2.1.4).
 */
export interface ConsistencyProof {
  /** The number of leaves of the older tree. */
  readonly size1: bigint;
  /** The number of leaves of the newer tree. */
  readonly size2: bigint;
  /** The hashes of the proof, lowest first. */
  readonly path: readonly Bytes[];
}

/**
 * Verifies that the tree with root {@code root2} begins with the tree with root {@code root1}.
 * Refuses an empty older tree, because every tree begins with it.
 *
 * @throws ContradictionError if the proof does not verify
 */
export async function verifyConsistency(
  proof: ConsistencyProof,
  root1: Bytes,
  root2: Bytes,
): Promise<void> {
  const { size1, size2, path } = proof;
  require(size1 < LIMIT && size2 < LIMIT, 'a size is above 2^63-1');
  require(size1 <= size2, 'a tree never shrinks');
  require(size1 > 0n, 'every tree begins with the empty one');
  if (size1 === size2) {
    require(path.length === 0, 'trees of one size need no path');
    require(equal(root1, root2), 'two roots for one size');
    return;
  }
  require(path.length > 0, 'the path is empty');
  require(
    [root1, root2, ...path].every((hash) => hash.length === HASH_BYTES),
    `a hash is not ${HASH_BYTES} bytes`,
  );
  // Both computations start at the last complete subtree of the older tree. If that subtree is the
  // whole older tree, the path omits its hash.
  const omitted = (size1 & (size1 - 1n)) === 0n;
  const start = omitted ? root1 : (path[0] as Bytes);
  let fn = size1 - 1n;
  let sn = size2 - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let older = start;
  let newer = start;
  for (const next of omitted ? path : path.slice(1)) {
    require(sn !== 0n, 'the path has too many hashes');
    if ((fn & 1n) === 1n || fn === sn) {
      older = await nodeHash(next, older);
      newer = await nodeHash(next, newer);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      newer = await nodeHash(newer, next);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  require(sn === 0n, 'the path has too few hashes');
  require(equal(older, root1), 'the path leads to another older root');
  require(equal(newer, root2), 'the path leads to another newer root');
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new ContradictionError(otherwise);
  }
}
