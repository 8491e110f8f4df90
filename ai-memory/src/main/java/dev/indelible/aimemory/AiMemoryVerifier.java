// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.CompactRange;
import dev.indelible.merkle.Hash;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Verifies a chain of ai-memory 0.7 by its own rules. Receives every row in order of sequence
 * number. Reports one finding for each check, with the first row that fails it.
 *
 * <p>The format proves little, as the report states. The hash of a row does not cover the hash of
 * the previous row, so a link covers one row and not all earlier rows. Nothing covers the last row.
 * A signature covers only the hash of the payload. The payload is not stored.
 *
 * <p>Later versions of ai-memory hash and sign rows differently. In an upgraded file their rows
 * follow those of 0.7 in one table. They are recognised by their link or signature, or by a column
 * that 0.7 does not have, and their verdict is unknown. Used by one thread.
 */
public final class AiMemoryVerifier {
  /** The name of the format. */
  public static final String FORMAT = "ai-memory-0.7";

  private static final String ENCODING = "encoding";
  private static final String SIGNATURE = "signature";
  private static final String LINK = "link";

  private static final byte[] UNSIGNED = ascii("unsigned");

  /**
   * The level of rows whose signature covers the payload hash. Signatures of other levels cover
   * content that is not stored.
   */
  private static final byte[] DAEMON_SIGNED = ascii("daemon_signed");

  private final KeyRing keys;
  private final Property storage = new Property("storage", Status.BROKEN);
  private final Property sequence = new Property("sequence", Status.BROKEN);
  private final Property link = new Property(LINK, Status.BROKEN);

  /** Links that a later version may have written, whose status is unknown. */
  private final Property unjudged = new Property(LINK, Status.UNKNOWN);

  /** Rows that a later version wrote. */
  private final Property later = new Property("format", Status.UNKNOWN);

  private final Property eventId = new Property("event_id", Status.BROKEN);
  private final Property encoding = new Property(ENCODING, Status.BROKEN);
  private final Property ambiguous = new Property(ENCODING, Status.UNKNOWN);
  private final Property forged = new Property(SIGNATURE, Status.BROKEN);
  private final Property unvouched = new Property(SIGNATURE, Status.UNKNOWN);
  private final List<Finding> notes = new ArrayList<>();
  private final CompactRange tree = CompactRange.empty();
  private Head head = Head.EMPTY;

  /** The previous row; empty before the second row. */
  private Optional<AiMemoryRow> before = Optional.empty();

  /**
   * Columns that 0.7 does not have. If there are any, a later version may have written a link or
   * signature that does not verify.
   */
  private List<String> laterColumns = List.of();

  private long signed;

  /**
   * Begins a verification.
   *
   * @param keys the known public keys of the daemon that signed rows
   */
  public AiMemoryVerifier(KeyRing keys) {
    this.keys = keys;
  }

  /**
   * Verifies a whole file.
   *
   * @param each receives every row after its verification
   * @throws LedgerException if the file is not an ai-memory file
   */
  public static AiMemoryVerifier verify(Path path, KeyRing keys, Consumer<AiMemoryRow> each)
      throws LedgerException {
    AiMemoryVerifier verifier = new AiMemoryVerifier(keys);
    try (AiMemoryFile file = AiMemoryFile.open(path)) {
      file.damage().forEach(verifier::damaged);
      verifier.laterColumns = file.laterColumns();
      file.forEachRow(
          row -> {
            verifier.row(row);
            each.accept(row);
          });
      file.repeatedId().ifPresent(verifier::repeatedId);
      verifier.unchained(file.unchained());
      verifier.deadLetters(file.deadLetters());
    } catch (LedgerException e) {
      if (!e.isDamaged()) {
        throw e;
      }
      verifier.damaged(String.valueOf(e.getMessage()));
    }
    return verifier;
  }

  /** Returns true if a later version wrote, or may have written, one of the rows so far. */
  private boolean mayBeLater() {
    return !laterColumns.isEmpty() || later.faults() > 0;
  }

  /** Returns true if the status of a row is unknown because a later version may have written it. */
  public boolean hasLaterRows() {
    return later.faults() + unjudged.faults() > 0;
  }

  /** Receives the next row. */
  void row(AiMemoryRow row) {
    OptionalLong at = OptionalLong.of(row.sequence());
    if (row.sequence() != head.sequence() + 1) {
      sequence.fault(
          at, "has this sequence number, but %s is expected".formatted(head.sequence() + 1));
    }
    checkLink(row, at);
    checkEncoding(row, at);
    checkSignature(row, at);
    byte[] canonical = row.canonicalBytes();
    tree.append(Hash.ofLeaf(canonical));
    head = new Head(row.sequence(), row.hash());
    before = Optional.of(row);
  }

  private void checkLink(AiMemoryRow row, OptionalLong at) {
    if (Arrays.equals(row.prevHash(), head.hash())) {
      return;
    }
    if (before.isPresent() && Arrays.equals(row.prevHash(), before.get().laterHash())) {
      later.fault(
          at,
          "has a link in the format of a later ai-memory version, which this check does not verify");
    } else if (mayBeLater()) {
      unjudged.fault(
          at,
          "is not linked as ai-memory 0.7 links rows; a later version may have written it, so its link is not judged");
    } else {
      link.fault(
          at,
          before.isEmpty()
              ? "the prev_hash of the first row is not 32 zero bytes"
              : "does not hold the hash of row %s before it: that row or this link was changed, or a row between them was removed"
                  .formatted(head.sequence()));
    }
  }

  private void checkEncoding(AiMemoryRow row, OptionalLong at) {
    List<byte[]> texts =
        List.of(row.id(), row.agentId(), row.eventType(), row.attestLevel(), row.timestamp());
    if (row.mistyped().isPresent()) {
      encoding.fault(at, row.mistyped().get());
    } else if (!texts.stream().allMatch(AiMemoryVerifier::isUtf8)) {
      encoding.fault(at, "a text in it is not valid UTF-8");
    } else if (row.payloadHash().length != Hash.BYTES) {
      encoding.fault(at, "a payload hash of %s bytes".formatted(row.payloadHash().length));
    } else if (isSigned(row)
        && row.signature().length != VerificationKey.SIGNATURE_BYTES
        && !mayBeLater()) {
      encoding.fault(at, "a signature of %s bytes".formatted(row.signature().length));
    } else if (texts.stream().anyMatch(AiMemoryVerifier::hasSeparator)) {
      ambiguous.fault(
          at,
          "a text contains the byte 0x1F, the field separator, so a row with different fields can have an equal hash");
    }
  }

  private void checkSignature(AiMemoryRow row, OptionalLong at) {
    if (!isSigned(row)) {
      if (!Arrays.equals(row.attestLevel(), UNSIGNED)) {
        forged.fault(at, "its attest_level requires a signature, but the row has none");
      }
      return;
    }
    signed++;
    boolean verified =
        keys.keys().stream().anyMatch(key -> key.verifies(row.payloadHash(), row.signature()));
    if (verified) {
      return;
    }
    if (!Arrays.equals(row.attestLevel(), DAEMON_SIGNED)) {
      unvouched.fault(
          at,
          "none of the given keys signed its payload hash. At its attest_level, ai-memory signs content that the table does not store");
    } else if (keys.keys().isEmpty()) {
      unvouched.fault(
          at, "is signed, and no key is given; name the daemon's public key with --key");
    } else if (isSignedAsLater(row)) {
      later.fault(
          at,
          "has a signature in the format of a later ai-memory version, which this check does not verify");
    } else {
      forged.fault(at, "is signed by none of the %s keys given".formatted(keys.keys().size()));
    }
  }

  private boolean isSignedAsLater(AiMemoryRow row) {
    byte[] message = row.laterSignedMessage();
    return keys.keys().stream().anyMatch(key -> key.verifies(message, row.signature()));
  }

  /** Records damage of the file. */
  void damaged(String what) {
    storage.fault(OptionalLong.empty(), what);
  }

  /** Records a row with the id of an earlier row. */
  void repeatedId(long sequence) {
    eventId.fault(
        OptionalLong.of(sequence), "has the id of an earlier row; an event is in one row only");
  }

  /** Records the number of rows without a sequence number, which are not part of the chain. */
  void unchained(long rows) {
    if (rows > 0) {
      sequence.fault(OptionalLong.empty(), "%s rows have no sequence".formatted(rows));
    }
  }

  /** Records the number of dead letters, which the chain does not cover. */
  void deadLetters(long deadLetters) {
    if (deadLetters > 0) {
      notes.add(
          limit(
              "dead_letters",
              "%s events are dead letters: they are not in the chain, and no hash or signature covers them"
                  .formatted(deadLetters)));
    }
  }

  /** Returns the number of rows received. */
  public long rows() {
    return tree.size();
  }

  /** Returns the sequence number and hash of the last row. */
  public Head head() {
    return head;
  }

  /**
   * Returns the root of the Merkle tree (RFC 6962) whose leaves are the canonical bytes of all
   * rows. It covers every row; the hash of the last row does not.
   */
  public Hash root() {
    return tree.root();
  }

  /**
   * Returns true if every row has a hash that no other row can have, so that the root covers every
   * row.
   */
  public boolean isUnambiguous() {
    return encoding.faults() + ambiguous.faults() == 0;
  }

  /** Returns the findings. Called after the last row. */
  public VerificationReport report() {
    List<Property> faulty =
        Stream.of(
                storage, sequence, link, later, unjudged, eventId, encoding, ambiguous, forged,
                unvouched)
            .filter(property -> property.faults() > 0)
            .toList();
    List<Finding> findings =
        new ArrayList<>(
            faulty.stream()
                .map(each -> each == forged ? each.finding(forgery()) : each.finding())
                .toList());
    if (sequence.faults() == 0) {
      findings.add(sound("sequence", "rows are numbered 1 to " + rows()));
    }
    if (link.faults() == 0 && !hasLaterRows()) {
      findings.add(sound(LINK, "each row holds the hash of the row before it"));
    }
    if (isUnambiguous()) {
      findings.add(sound(ENCODING, "no two different rows can have equal hashes"));
    }
    if (forged.faults() + unvouched.faults() == 0) {
      findings.add(
          signed == 0
              ? limit(SIGNATURE, "no row is signed, so nothing shows who wrote them")
              : sound(SIGNATURE, "%s of %s rows are signed".formatted(signed, rows())));
    }
    findings.addAll(limits());
    findings.addAll(notes);
    long faults = faulty.stream().mapToLong(Property::faults).sum();
    return new VerificationReport(rows(), head, findings, faults);
  }

  /**
   * Returns the status of the first signature that no known key made. The status is unknown if a
   * later version may have made the signature. This is possible if the table has columns of a later
   * version. It is also possible if the invalid signature is at most one row before the first row
   * of a later version, or after that row.
   */
  private Status forgery() {
    boolean mayBeLater =
        !laterColumns.isEmpty()
            || later.first().isPresent()
                && forged.first().orElse(Long.MAX_VALUE) >= later.first().getAsLong() - 1;
    return mayBeLater ? Status.UNKNOWN : Status.BROKEN;
  }

  /** Returns findings about what a chain of this format cannot prove. */
  private List<Finding> limits() {
    List<Finding> limits = new ArrayList<>();
    if (rows() > 0) {
      limits.add(
          limit(
              "head",
              OptionalLong.of(head.sequence()),
              "nothing covers the last row: a change of it, or a removal of rows from the end, does not show"));
      limits.add(
          limit(
              "coverage",
              "a row's hash does not cover its prev_hash: a person who changes a row and the prev_hash of the next row passes every check"));
    }
    if (!laterColumns.isEmpty()) {
      limits.add(
          limit(
              "format",
              "ai-memory 0.7 does not have the column %s: a later version has opened the file, and no check here covers that column"
                  .formatted(String.join(", ", laterColumns))));
    }
    limits.add(
        limit(
            "payload",
            "the format keeps only the hash of the payload, and a signature covers only that hash: not the agent, the type, the time or the sequence"));
    return limits;
  }

  private static Finding sound(String check, String message) {
    return new Finding(check, Status.OK, OptionalLong.empty(), message);
  }

  /** Returns a finding about a limit of the format. It does not change the verdict. */
  private static Finding limit(String check, OptionalLong at, String message) {
    return new Finding(check, Status.UNKNOWN, at, message, false);
  }

  private static Finding limit(String check, String message) {
    return limit(check, OptionalLong.empty(), message);
  }

  private static boolean isSigned(AiMemoryRow row) {
    return row.signature().length > 0;
  }

  private static boolean isUtf8(byte[] text) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean hasSeparator(byte[] text) {
    return new String(text, StandardCharsets.ISO_8859_1).indexOf(AiMemoryRow.SEPARATOR) >= 0;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
