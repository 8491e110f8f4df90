// SPDX-License-Identifier: Apache-2.0
/**
 * Signed statements about the tree in the formats of C2SP, which other implementations can verify.
 *
 * <p>In the order of their use:
 *
 * <ol>
 *   <li>The log states its size and root in a {@link dev.indelible.checkpoint.Checkpoint} and signs
 *       it ({@link dev.indelible.checkpoint.NoteSigner}); the result is a {@link
 *       dev.indelible.checkpoint.SignedCheckpoint}, which is a {@link
 *       dev.indelible.checkpoint.SignedNote}.
 *   <li>The log sends it to witnesses ({@link dev.indelible.checkpoint.AddCheckpointRequest}). A
 *       witness that finds it consistent with its earlier ones answers with a {@link
 *       dev.indelible.checkpoint.Cosignature} ({@link
 *       dev.indelible.checkpoint.AddCheckpointResponse}), which the log stores with its own
 *       signature.
 *   <li>The proof of one record is a {@link dev.indelible.checkpoint.TlogProof}: the path from the
 *       record to the root, and the checkpoint with that root.
 *   <li>A verifier has trusted keys: a {@link dev.indelible.checkpoint.VerifierKey} of the log, or
 *       a {@link dev.indelible.checkpoint.WitnessPolicy} of logs, witnesses and a quorum.
 * </ol>
 *
 * <p>Nothing here reads a clock, a file or a network. Every format has one encoding; any other is
 * refused with a {@link dev.indelible.checkpoint.CheckpointParseException}. A statement that does
 * not verify is a {@link dev.indelible.checkpoint.VerificationException}.
 *
 * <p>Specifications: C2SP signed-note, tlog-checkpoint and tlog-witness v1.0.0, tlog-cosignature
 * v1.0.1, tlog-proof v1, tlog-policy. Signatures are Ed25519, and cosignatures also ML-DSA-44;
 * unknown types are ignored on notes and refused as keys.
 */
@NullMarked
package dev.indelible.checkpoint;

import org.jspecify.annotations.NullMarked;
