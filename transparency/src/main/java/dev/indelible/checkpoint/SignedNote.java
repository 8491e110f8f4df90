// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A text and its signatures (C2SP signed-note v1.0.0). Untrusted until {@link #verify} has
 * returned.
 *
 * @param text the text, which ends with a newline
 * @param signatures the signatures in order, at least one
 */
public record SignedNote(String text, List<NoteSignature> signatures) {
  /** Maximum number of signatures of a note. */
  public static final int MAX_SIGNATURES = 100;

  /** The separator between the last newline of the text and the first signature line. */
  private static final String SEPARATOR = "\n";

  /** Maximum number of unknown signers that an error names. */
  private static final int SIGNERS_NAMED = 3;

  public SignedNote {
    if (!text.endsWith("\n") || !StrictText.isText(text)) {
      throw new IllegalArgumentException(
          StrictText.quote(text)
              + ": a note's text must end with a newline and have no other control characters");
    }
    if (signatures.isEmpty() || signatures.size() > MAX_SIGNATURES) {
      throw new IllegalArgumentException(
          "a note has 1 to " + MAX_SIGNATURES + " signatures, not " + signatures.size());
    }
    signatures = List.copyOf(signatures);
  }

  /** Returns a note of this text, signed by each signer. */
  public static SignedNote sign(String text, List<NoteSigner> signers) {
    return new SignedNote(text, signers.stream().map(signer -> signer.sign(text)).toList());
  }

  /**
   * Reads a note.
   *
   * @throws CheckpointParseException if the bytes are not a note, or have more than {@value
   *     #MAX_SIGNATURES} signatures
   */
  public static SignedNote parse(byte[] bytes) throws CheckpointParseException {
    String note = StrictText.decode(bytes, "note");
    int blank = note.lastIndexOf("\n\n");
    if (blank < 0) {
      throw new CheckpointParseException("note: no empty line between its text and its signatures");
    }
    String text = note.substring(0, blank + 1);
    return new SignedNote(text, parseSignatures(note.substring(blank + 2), "note"));
  }

  /** Reads signature lines. Each ends with a newline. */
  static List<NoteSignature> parseSignatures(String lines, String what)
      throws CheckpointParseException {
    if (!lines.endsWith("\n")) {
      throw new CheckpointParseException(
          what + (lines.isEmpty() ? ": no signatures" : ": no newline at its end"));
    }
    String[] each = lines.split("\n", -1);
    int count = each.length - 1;
    if (count > MAX_SIGNATURES) {
      throw new CheckpointParseException(
          "%s: %s signatures; the limit is %s".formatted(what, count, MAX_SIGNATURES));
    }
    List<NoteSignature> signatures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      signatures.add(NoteSignature.parse(each[i]));
    }
    return signatures;
  }

  /**
   * Verifies every signature that has the name and id of a known key, and ignores all others.
   * Returns the known keys that signed, each with its signature; at least one.
   *
   * <p>If a key signed more than once, every signature is verified and the first is returned.
   *
   * @throws VerificationException if no known key signed, if a signature that names a known key is
   *     invalid, or if two different known keys have equal names and ids
   */
  public Map<VerifierKey, NoteSignature> verify(Collection<VerifierKey> known)
      throws VerificationException {
    requireDistinct(known);
    Map<VerifierKey, NoteSignature> verified = new LinkedHashMap<>();
    for (NoteSignature signature : signatures) {
      for (VerifierKey key : known) {
        if (key.isNamedBy(signature)) {
          require(key, signature);
          verified.putIfAbsent(key, signature);
        }
      }
    }
    if (verified.isEmpty()) {
      throw new VerificationException(
          Reason.NO_KNOWN_SIGNATURE,
          "signed by none of the %s known keys, only by %s".formatted(known.size(), signers()));
    }
    return verified;
  }

  private void require(VerifierKey key, NoteSignature signature) throws VerificationException {
    if (!key.verifies(text, signature)) {
      throw new VerificationException(
          Reason.BAD_SIGNATURE,
          "the signature that names %s is not a valid signature of that key over this text"
              .formatted(named(key.name(), key.id())));
    }
  }

  private static void requireDistinct(Collection<VerifierKey> known) throws VerificationException {
    Map<String, VerifierKey> named = new LinkedHashMap<>();
    for (VerifierKey key : known) {
      String name = VerifierKey.nameAndId(key.name(), key.id());
      if (!key.equals(named.getOrDefault(name, key))) {
        throw new VerificationException(
            Reason.AMBIGUOUS_KEYS,
            StrictText.show(name) + ": two different keys have this name and id");
      }
      named.put(name, key);
    }
  }

  private String signers() {
    String first =
        signatures.stream()
            .limit(SIGNERS_NAMED)
            .map(each -> named(each.name(), each.keyId()))
            .collect(Collectors.joining(", "));
    int more = signatures.size() - SIGNERS_NAMED;
    return more > 0 ? first + " and %s more".formatted(more) : first;
  }

  private static String named(String name, int keyId) {
    return StrictText.show(VerifierKey.nameAndId(name, keyId));
  }

  /**
   * Returns the note with one more signature at the end, or this note if it already has that
   * signature.
   */
  public SignedNote with(NoteSignature signature) {
    if (signatures.contains(signature)) {
      return this;
    }
    List<NoteSignature> more = new ArrayList<>(signatures);
    more.add(signature);
    return new SignedNote(text, more);
  }

  /** Returns the bytes of the note. A note has only one encoding. */
  public byte[] bytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the note as text. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(text).append(SEPARATOR);
    signatures.forEach(signature -> out.append(signature.line()).append('\n'));
    return out.toString();
  }
}
