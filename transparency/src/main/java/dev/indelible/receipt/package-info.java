// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts in CBOR (RFC 9942, COSE Receipts), as {@link dev.indelible.checkpoint.TlogProof} is in
 * text.
 *
 * <p>The log's key signs the root of the tree; the receipt has the path from the record to the root
 * and omits the root, so that a verifier must compute it. A tlog proof is verified against a
 * checkpoint with origin and witnesses; a COSE receipt is verified against one key, and proves
 * less.
 *
 * <p>The reader accepts the form that this package writes, in the deterministic encoding of RFC
 * 8949, and no other.
 */
@NullMarked
package dev.indelible.receipt;

import org.jspecify.annotations.NullMarked;
