// SPDX-License-Identifier: Apache-2.0
/**
 * A receipt in CBOR, for those who live with COSE: what a {@link
 * dev.indelible.checkpoint.TlogProof} states in text, in the form of RFC 9942 (COSE Receipts).
 *
 * <p>The log's key signs the root of the tree; the receipt carries the way from the record to the
 * root and leaves the root itself out, so that a verifier has to compute it. Where a tlog proof is
 * checked against a checkpoint, with its origin and its witnesses, this is checked against one key
 * and nothing else: it is the smaller promise.
 *
 * <p>The reader knows the shapes that a receipt of inclusion takes here, in the deterministic
 * encoding of RFC 8949, and refuses all else.
 */
@NullMarked
package dev.indelible.receipt;

import org.jspecify.annotations.NullMarked;
