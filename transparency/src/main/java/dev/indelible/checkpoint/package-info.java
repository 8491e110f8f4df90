// SPDX-License-Identifier: Apache-2.0
/**
 * Signed statements about the tree, in the open formats of C2SP, so that strangers can check them
 * with tools of their own.
 *
 * <p>The story in the order it happens:
 *
 * <ol>
 *   <li>The log states its size and root in a {@link dev.indelible.checkpoint.Checkpoint} and signs
 *       it ({@link dev.indelible.checkpoint.NoteSigner}); the result is a {@link
 *       dev.indelible.checkpoint.SignedCheckpoint}, which is a {@link
 *       dev.indelible.checkpoint.SignedNote}.
 *   <li>It sends that to witnesses ({@link dev.indelible.checkpoint.AddCheckpointRequest}). One
 *       that finds it consistent with all it saw before answers with a {@link
 *       dev.indelible.checkpoint.Cosignature} ({@link
 *       dev.indelible.checkpoint.AddCheckpointResponse}), which the log keeps beside its own
 *       signature.
 *   <li>The proof of one record is a {@link dev.indelible.checkpoint.TlogProof}: the way from the
 *       record to the root, and the checkpoint of that root.
 *   <li>A verifier brings the keys that it trusts: a {@link dev.indelible.checkpoint.VerifierKey}
 *       of the log, or a {@link dev.indelible.checkpoint.WitnessPolicy} of logs and witnesses and
 *       how many of the latter it takes.
 * </ol>
 *
 * <p>Nothing here reads a clock, a file or a network: bytes in, values out. Every format has one
 * encoding and no other is read; what is not read is a {@link
 * dev.indelible.checkpoint.CheckpointParseException}, and what is read and not to be believed a
 * {@link dev.indelible.checkpoint.VerificationException}.
 *
 * <p>Specifications: C2SP signed-note, tlog-checkpoint and tlog-witness v1.0.0, tlog-cosignature
 * v1.0.1, tlog-proof v1, tlog-policy. Signatures are Ed25519; types that are not are ignored on
 * notes and refused as keys.
 */
@NullMarked
package dev.indelible.checkpoint;

import org.jspecify.annotations.NullMarked;
