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
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Checks a chain of ai-memory 0.7 by its own rules: it is shown every row in order of sequence, and
 * says at the end what holds. One finding for each property, with the first row where it does not.
 *
 * <p>That format proves little, and the report says so: a row's hash leaves out the hash of the row
 * before, so a link covers one row and not all before it; nothing covers the last row; a signature
 * covers the hash of the payload alone; and the payload is not there. Used by one thread.
 */
public final class AiMemoryVerifier {
  /** The name of the format. */
  public static final String FORMAT = "ai-memory-0.7";

  private static final String ENCODING = "encoding";
  private static final String SIGNATURE = "signature";

  private static final byte[] UNSIGNED = ascii("unsigned");

  /** The level of rows whose signature is over their payload hash; others sign what is not here. */
  private static final byte[] DAEMON_SIGNED = ascii("daemon_signed");

  private final KeyRing keys;
  private final Property storage = new Property("storage", Status.BROKEN);
  private final Property sequence = new Property("sequence", Status.BROKEN);
  private final Property link = new Property("link", Status.BROKEN);
  private final Property encoding = new Property(ENCODING, Status.BROKEN);
  private final Property ambiguous = new Property(ENCODING, Status.UNKNOWN);
  private final Property forged = new Property(SIGNATURE, Status.BROKEN);
  private final Property unvouched = new Property(SIGNATURE, Status.UNKNOWN);
  private final List<Finding> notes = new ArrayList<>();
  private final CompactRange tree = CompactRange.empty();
  private Head head = Head.EMPTY;
  private long signed;

  /**
   * A verifier.
   *
   * @param keys the public keys of the daemon that signed, as far as they are known
   */
  public AiMemoryVerifier(KeyRing keys) {
    this.keys = keys;
  }

  /** Looks at the next row. */
  public void row(AiMemoryRow row) {
    OptionalLong at = OptionalLong.of(row.sequence());
    if (row.sequence() != head.sequence() + 1) {
      sequence.fault(at, "stands where row %d should".formatted(head.sequence() + 1));
    }
    if (!Arrays.equals(row.prevHash(), head.hash())) {
      link.fault(
          at,
          head.sequence() == 0
              ? "the first row does not begin at 32 zero bytes"
              : "does not hold the hash of row %d before it: that row or this link was changed, or a row between them is gone"
                  .formatted(head.sequence()));
    }
    checkEncoding(row, at);
    checkSignature(row, at);
    byte[] canonical = row.canonicalBytes();
    tree.append(Hash.ofLeaf(canonical));
    head = new Head(row.sequence(), row.hash());
  }

  private void checkEncoding(AiMemoryRow row, OptionalLong at) {
    List<byte[]> texts =
        List.of(row.id(), row.agentId(), row.eventType(), row.attestLevel(), row.timestamp());
    if (row.mistyped().isPresent()) {
      encoding.fault(at, row.mistyped().get());
    } else if (!texts.stream().allMatch(AiMemoryVerifier::isUtf8)) {
      encoding.fault(at, "a text in it is not valid UTF-8");
    } else if (row.payloadHash().length != Hash.BYTES) {
      encoding.fault(at, "a payload hash of %d bytes".formatted(row.payloadHash().length));
    } else if (isSigned(row) && row.signature().length != VerificationKey.SIGNATURE_BYTES) {
      encoding.fault(at, "a signature of %d bytes".formatted(row.signature().length));
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
          at, "its level is one whose signature is over content that the table does not keep");
    } else if (keys.keys().isEmpty()) {
      unvouched.fault(at, "signed, and no key is known; name the daemon's public key with --key");
    } else {
      forged.fault(at, "is signed by none of the %d keys given".formatted(keys.keys().size()));
    }
  }

  /** Something is wrong with the file that the rows are in. */
  public void damaged(String what) {
    storage.fault(OptionalLong.empty(), what);
  }

  /** Rows that have no number, and so no place in the chain. */
  public void unchained(long rows) {
    if (rows > 0) {
      sequence.fault(OptionalLong.empty(), "%,d rows have no sequence".formatted(rows));
    }
  }

  /** Events that were refused a row and lie beside the chain, which says nothing of them. */
  public void deadLetters(long letters) {
    if (letters > 0) {
      notes.add(
          limit(
              "dead_letters",
              OptionalLong.empty(),
              "%,d events never got into the chain, and nothing covers where they lie"
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
        Stream.of(storage, sequence, link, encoding, ambiguous, forged, unvouched)
            .filter(property -> property.faults() > 0)
            .toList();
    List<Finding> findings = new ArrayList<>(faulty.stream().map(Property::finding).toList());
    if (sequence.faults() == 0) {
      findings.add(sound("sequence", "rows are numbered 1 to " + rows()));
    }
    if (link.faults() == 0) {
      findings.add(sound("link", "each row holds the hash of the row before it"));
    }
    if (isUnambiguous()) {
      findings.add(sound(ENCODING, "no row can be read as another with the same hash"));
    }
    if (forged.faults() + unvouched.faults() == 0) {
      findings.add(
          signed == 0
              ? limit(SIGNATURE, OptionalLong.empty(), "no row is signed: who wrote them is open")
              : sound(SIGNATURE, "%,d of %,d rows are signed".formatted(signed, rows())));
    }
    findings.addAll(limits());
    findings.addAll(notes);
    long faults = faulty.stream().mapToLong(Property::faults).sum();
    return new VerificationReport(rows(), head, findings, faults);
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
