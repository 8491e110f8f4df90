// SPDX-License-Identifier: Apache-2.0
package dev.indelible.adopt;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.Head;
import dev.indelible.merkle.CompactRange;
import dev.indelible.merkle.Hash;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Checks a chain of ai-memory 0.7 by its own rules: it is shown every row in order of sequence, and
 * says at the end what holds. One finding for each property, with the first row where it does not.
 *
 * <p>That format proves little, and the report says so: a row's hash leaves out the hash of the row
 * before, so a link covers one row and not all before it; nothing covers the last row; a signature
 * covers the hash of the payload alone; and the payload is not there.
 *
 * <p>Later versions of ai-memory hash and sign rows in other ways, and write them into the same
 * table, behind those of 0.7 where a file was upgraded. Such rows are recognised by a link or a
 * signature that is one of a later version, or by a column that 0.7 does not have. Whether they
 * hold is not judged here. Used by one thread.
 */
public final class AiMemoryVerifier {
  /** The name of the format. */
  public static final String FORMAT = "ai-memory-0.7";

  private static final String ENCODING = "encoding";
  private static final String SIGNATURE = "signature";
  private static final String LINK = "link";

  private static final byte[] UNSIGNED = ascii("unsigned");

  /** The level of rows whose signature is over their payload hash; others sign what is not here. */
  private static final byte[] DAEMON_SIGNED = ascii("daemon_signed");

  private final KeyRing keys;
  private final Property storage = new Property("storage", Status.BROKEN);
  private final Property sequence = new Property("sequence", Status.BROKEN);
  private final Property link = new Property(LINK, Status.BROKEN);

  /** Links and rows of a chain that is recognised as a later version's, and not judged. */
  private final Property unjudged = new Property(LINK, Status.UNKNOWN);

  /** Rows recognised as a later version's. */
  private final Property later = new Property("format", Status.UNKNOWN);

  private final Property eventId = new Property("event_id", Status.BROKEN);
  private final Property encoding = new Property(ENCODING, Status.BROKEN);
  private final Property ambiguous = new Property(ENCODING, Status.UNKNOWN);
  private final Property forged = new Property(SIGNATURE, Status.BROKEN);
  private final Property unvouched = new Property(SIGNATURE, Status.UNKNOWN);
  private final List<Finding> notes = new ArrayList<>();
  private final CompactRange tree = CompactRange.empty();
  private Head head = Head.EMPTY;

  /** The row before; empty at the first. */
  private Optional<AiMemoryRow> before = Optional.empty();

  /** Columns of the table that 0.7 does not have. */
  private List<String> laterColumns = List.of();

  private long signed;

  /**
   * A verifier.
   *
   * @param keys the public keys of the daemon that signed, as far as they are known
   */
  public AiMemoryVerifier(KeyRing keys) {
    this.keys = keys;
  }

  /**
   * Notes which columns the table has that 0.7 does not have; called before the first row. A link
   * or a signature that does not hold may then be one of a later version.
   */
  public void laterColumns(List<String> names) {
    laterColumns = List.copyOf(names);
  }

  /** Whether rows of a later version are recognised so far, or may be among them. */
  private boolean mayBeLater() {
    return !laterColumns.isEmpty() || later.faults() > 0;
  }

  /** Whether rows are not judged because a later version may have written them. */
  public boolean hasLaterRows() {
    return later.faults() + unjudged.faults() > 0;
  }

  /** Looks at the next row. */
  public void row(AiMemoryRow row) {
    OptionalLong at = OptionalLong.of(row.sequence());
    if (row.sequence() != head.sequence() + 1) {
      sequence.fault(at, "stands where row %s should".formatted(head.sequence() + 1));
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
      later.fault(at, "is linked as later versions of ai-memory link rows, which is not judged");
    } else if (mayBeLater()) {
      unjudged.fault(
          at,
          "is not linked as ai-memory 0.7 links rows; a later version may have written it, and whether it holds cannot be told");
    } else {
      link.fault(
          at,
          before.isEmpty()
              ? "the first row does not begin at 32 zero bytes"
              : "does not hold the hash of row %s before it: that row or this link was changed, or a row between them is gone"
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
          "the byte 0x1F, which ends each field, is in a text: the hash of this row is that of other rows, too");
    }
  }

  private void checkSignature(AiMemoryRow row, OptionalLong at) {
    if (!isSigned(row)) {
      if (!Arrays.equals(row.attestLevel(), UNSIGNED)) {
        forged.fault(at, "is said to be signed, and has no signature");
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
          "no key given signed its payload hash; its level is one whose signature is over content that the table does not keep");
    } else if (keys.keys().isEmpty()) {
      unvouched.fault(at, "signed, and no key is known; name the daemon's public key with --key");
    } else if (isSignedAsLater(row)) {
      later.fault(at, "is signed as later versions of ai-memory sign rows, which is not judged");
    } else {
      forged.fault(at, "is signed by none of the %s keys given".formatted(keys.keys().size()));
    }
  }

  private boolean isSignedAsLater(AiMemoryRow row) {
    byte[] message = row.laterSignedMessage();
    return keys.keys().stream().anyMatch(key -> key.verifies(message, row.signature()));
  }

  /** Something is wrong with the file that the rows are in. */
  public void damaged(String what) {
    storage.fault(OptionalLong.empty(), what);
  }

  /** A row has the id of an earlier one. */
  public void repeatedId(long sequence) {
    eventId.fault(
        OptionalLong.of(sequence), "it has the id of an earlier row: an event is in one row");
  }

  /** Rows that have no number, and so no place in the chain. */
  public void unchained(long rows) {
    if (rows > 0) {
      sequence.fault(OptionalLong.empty(), "%s rows have no sequence".formatted(rows));
    }
  }

  /** Events that were refused a row and lie beside the chain, which says nothing of them. */
  public void deadLetters(long letters) {
    if (letters > 0) {
      notes.add(
          limit(
              "dead_letters",
              OptionalLong.empty(),
              "%s events never got into the chain, and nothing covers where they lie"
                  .formatted(letters)));
    }
  }

  /** How many rows it was shown. */
  public long rows() {
    return tree.size();
  }

  /** The last row's sequence and hash. */
  public Head head() {
    return head;
  }

  /**
   * The root of the Merkle tree (RFC 6962) whose leaves are the canonical bytes of all rows: unlike
   * the last row's hash, it covers them all.
   */
  public Hash root() {
    return tree.root();
  }

  /** Whether every row's hash is that of no other row, so that the root covers what it seems to. */
  public boolean isUnambiguous() {
    return encoding.faults() + ambiguous.faults() == 0;
  }

  /** What holds and what does not; asked after the last row. */
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
      findings.add(sound(ENCODING, "no row can be read as another with the same hash"));
    }
    if (forged.faults() + unvouched.faults() == 0) {
      findings.add(
          signed == 0
              ? limit(SIGNATURE, OptionalLong.empty(), "no row is signed: who wrote them is open")
              : sound(SIGNATURE, "%s of %s rows are signed".formatted(signed, rows())));
    }
    findings.addAll(limits());
    findings.addAll(notes);
    long faults = faulty.stream().mapToLong(Property::faults).sum();
    return new VerificationReport(rows(), head, findings, faults);
  }

  /**
   * What a signature that no known key made weighs. From the row before the first that is
   * recognised as a later version's on, it may be one of that version.
   */
  private Status forgery() {
    boolean mayBeLater =
        !laterColumns.isEmpty()
            || later.first().isPresent()
                && forged.first().orElse(Long.MAX_VALUE) >= later.first().getAsLong() - 1;
    return mayBeLater ? Status.UNKNOWN : Status.BROKEN;
  }

  /** What no chain of this format can show, however whole it is. */
  private List<Finding> limits() {
    List<Finding> limits = new ArrayList<>();
    if (rows() > 0) {
      limits.add(
          limit(
              "head",
              OptionalLong.of(head.sequence()),
              "nothing covers the last row: it can be changed, and rows cut off before it, unseen"));
      limits.add(
          limit(
              "coverage",
              OptionalLong.empty(),
              "a row's hash leaves out its link: who changes a row has one value to change in the row after it, and no other notices"));
    }
    if (!laterColumns.isEmpty()) {
      limits.add(
          limit(
              "format",
              OptionalLong.empty(),
              "ai-memory 0.7 does not have the column %s: a later version has opened the file, and nothing that is checked here covers what stands there"
                  .formatted(String.join(", ", laterColumns))));
    }
    limits.add(
        limit(
            "payload",
            OptionalLong.empty(),
            "the format keeps only the hash of what was decided, and a signature covers that alone: not the agent, the type, the time or the place"));
    return limits;
  }

  private static Finding sound(String check, String message) {
    return new Finding(check, Status.OK, OptionalLong.empty(), message);
  }

  /** Something that the format cannot show: said, and not held against this file. */
  private static Finding limit(String check, OptionalLong at, String message) {
    return new Finding(check, Status.UNKNOWN, at, message, false);
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
    for (byte each : text) {
      if (each == AiMemoryRow.SEPARATOR) {
        return true;
      }
    }
    return false;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
