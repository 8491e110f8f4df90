// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.PolicyText.Signature;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The statement that an operator signs to admit a policy to one log, as a C2SP signed note of four
 * lines: {@code indelible.dev/policy/v1}, the log's origin, the number, the digest.
 *
 * @param origin the log's name in its checkpoints
 * @param number the number of the policy, from 1; each policy has a higher one than the policy
 *     before it
 * @param digest the digest of the policy, {@code sha256:} and 64 hex digits
 */
public record PolicyNote(String origin, long number, String digest) {
  private static final String HEADER = "indelible.dev/policy/v1";
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  /** Number of lines of the text. */
  private static final int LINES = 4;

  public PolicyNote {
    VerifierKey.requireName(origin);
    if (!NUMBER.matcher(Long.toString(number)).matches()) {
      throw new IllegalArgumentException(
          "the number of a policy is %s; it must be 1 or more, with at most 18 digits"
              .formatted(number));
    }
    if (!DIGEST.matcher(digest).matches()) {
      throw new IllegalArgumentException("not the digest of a policy: " + digest);
    }
  }

  /** Returns the note with the operator's signature. */
  public SignedNote sign(NoteSigner operator) {
    return SignedNote.sign(
        String.join("\n", HEADER, origin, Long.toString(number), digest) + "\n", List.of(operator));
  }

  /**
   * A note that an operator signed.
   *
   * @param content the statement
   * @param signature the number, and the note with the operator's signature only
   */
  record Verified(PolicyNote content, Signature signature) {}

  /**
   * Verifies a note, and reads it.
   *
   * @throws PolicySignatureException if the operator did not sign it, or it is not about a policy
   */
  static Verified verify(String note, VerifierKey operator) throws PolicySignatureException {
    SignedNote signed = verified(note, operator);
    PolicyNote content = read(signed.text());
    return new Verified(content, new Signature(content.number(), signed.toString()));
  }

  /** Returns a note with the one signature of a key, which is verified. */
  static SignedNote verified(String note, VerifierKey key) throws PolicySignatureException {
    try {
      SignedNote parsed = SignedNote.parse(note.getBytes(StandardCharsets.UTF_8));
      return new SignedNote(
          parsed.text(), List.of(parsed.verify(List.of(key)).values().iterator().next()));
    } catch (CheckpointParseException e) {
      throw new PolicySignatureException("it is not a signed note: " + e.getMessage());
    } catch (VerificationException e) {
      throw new PolicySignatureException(
          "the operator's key %s did not sign it: %s".formatted(key, e.getMessage()));
    }
  }

  private static PolicyNote read(String text) throws PolicySignatureException {
    String[] lines = text.split("\n", -1);
    if (lines.length != LINES + 1 || !lines[0].equals(HEADER)) {
      throw new PolicySignatureException(
          "it is signed, but not about a policy: it does not have the four lines of " + HEADER);
    }
    if (!NUMBER.matcher(lines[2]).matches()) {
      throw new PolicySignatureException("it is signed, but its number is not a number from 1 on");
    }
    try {
      return new PolicyNote(lines[1], Long.parseLong(lines[2]), lines[3]);
    } catch (IllegalArgumentException e) {
      throw new PolicySignatureException("it is signed, but unreadable: " + e.getMessage());
    }
  }
}
