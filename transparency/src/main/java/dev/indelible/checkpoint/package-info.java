// SPDX-License-Identifier: Apache-2.0
/**
 * Signed statements about the tree, in the formats of C2SP, which other implementations can also
 * verify.
 *
 * <p>In the order of their use:
 *
 * <ol>
 *   <li>The log states its size and root in a {@link dev.indelible.checkpoint.Checkpoint} and signs
 *       it ({@link dev.indelible.checkpoint.NoteSigner}); the result is a {@link
 *       dev.indelible.checkpoint.SignedCheckpoint}, which is a {@link
 *       dev.indelible.checkpoint.SignedNote}.
 *   <li>The log sends it to witnesses ({@link dev.indelible.checkpoint.AddCheckpointRequest}). A
 *       witness that finds it consistent with its earlier checkpoints answers with a {@link
 *       dev.indelible.checkpoint.Cosignature} ({@link
 *       dev.indelible.checkpoint.AddCheckpointResponse}), which the log stores beside its own
 *       signature.
 *   <li>The proof of one record is a {@link dev.indelible.checkpoint.TlogProof}: the path from the
 *       record to the root, and the checkpoint with that root.
 *   <li>A verifier has trusted keys: a {@link dev.indelible.checkpoint.VerifierKey} of the log, or
 *       a {@link dev.indelible.checkpoint.WitnessPolicy} of logs, witnesses and a quorum.
 * </ol>
 *
 * <p>This package reads no clock, file or network. Every format has one encoding. A text in another
 * encoding is refused with a {@link dev.indelible.checkpoint.CheckpointParseException}. A statement
 * that does not verify throws a {@link dev.indelible.checkpoint.VerificationException}.
 *
 * <p>Specifications: C2SP signed-note, tlog-checkpoint and tlog-witness v1.0.0, tlog-cosignature
 * v1.0.1 and its ML-DSA-44 type, tlog-proof v1, tlog-policy. Signatures are Ed25519; cosignatures
 * are Ed25519 or ML-DSA-44, and a log may cosign its own checkpoints with ML-DSA-44. A signature of
 * an unknown type on a note is ignored; a key of an unknown type is refused.
 */
@NullMarked
package dev.indelible.checkpoint;

import org.jspecify.annotations.NullMarked;
