// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts in CBOR (RFC 9942, COSE Receipts). {@link dev.indelible.checkpoint.TlogProof} is the
 * receipt in text form.
 *
 * <p>The log's key signs the root of the tree. The receipt has the path from the record to the root
 * and omits the root, so a verifier must compute it. A tlog proof is verified against a checkpoint
 * with origin and witnesses. A COSE receipt is verified against one key, so it proves less.
 *
 * <p>The reader accepts only the form that this package writes: the deterministic encoding of RFC
 * 8949.
 */
@NullMarked
package dev.indelible.receipt;

import org.jspecify.annotations.NullMarked;
