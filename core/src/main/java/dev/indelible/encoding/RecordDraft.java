// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import dev.indelible.crypto.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Canonical JSON of a record, written once. The signed message is cut out of this JSON, and the
 * signature and the link are inserted into it. Used by one thread at a time.
 */
public final class RecordDraft {
  /** Placeholder of 64 bytes for a signature that does not exist yet. */
  public static final byte[] NO_SIGNATURE = new byte[64];

  private static final byte[] SIGNED_PREFIX =
      "indelible/row/v1\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LEAF_PREFIX = {0x00};
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final int LINK_VALUE = ",\"prev_hash\":\"".length();
  private static final int SIGNATURE_VALUE = ",\"signature\":\"".length();

  private final byte[] record;

  /**
   * Offsets at which the members of the link and the signature begin and end; each member includes
   * its leading comma.
   */
  private final int linkAt;

  private final int linkEnd;
  private final int signatureAt;
  private final int signatureEnd;

  /**
   * Creates a draft of a record.
   *
   * @param record canonical JSON; changed by {@link #sign} and {@link #link}
   * @param linkAt the offset of the link's member, with its comma
   * @param linkEnd the offset after the link's member
   * @param signatureAt the offset of the signature's member, with its comma
   * @param signatureEnd the offset after the signature's member; equal to {@code signatureAt} if
   *     there is none
   */
  public RecordDraft(byte[] record, int linkAt, int linkEnd, int signatureAt, int signatureEnd) {
    this.record = record;
    this.linkAt = linkAt;
    this.linkEnd = linkEnd;
    this.signatureAt = signatureAt;
    this.signatureEnd = signatureEnd;
  }

  /**
   * Returns the bytes that a signature covers: the whole record except the link and the signature.
   */
  public byte[] signedMessage() {
    int length = SIGNED_PREFIX.length + record.length;
    length -= linkEnd - linkAt + signatureEnd - signatureAt;
    byte[] message = Arrays.copyOf(SIGNED_PREFIX, length);
    int at = append(message, SIGNED_PREFIX.length, 0, linkAt);
    at = append(message, at, linkEnd, signatureAt);
    append(message, at, signatureEnd, record.length);
    return message;
  }

  /** Inserts a signature, in place of {@link #NO_SIGNATURE}. */
  public void sign(byte[] signature) {
    if (signature.length != NO_SIGNATURE.length) {
      throw new IllegalStateException(
          "the signer returned %s bytes; an Ed25519 signature has exactly %s"
              .formatted(signature.length, NO_SIGNATURE.length));
    }
    byte[] base64 = Base64.getEncoder().encode(signature);
    System.arraycopy(base64, 0, record, signatureAt + SIGNATURE_VALUE, base64.length);
  }

  /** Inserts the hash of the previous record, in place of zeros. */
  public void link(byte[] prevHash) {
    int at = linkAt + LINK_VALUE;
    for (byte b : prevHash) {
      record[at++] = HEX[b >> 4 & 0xf];
      record[at++] = HEX[b & 0xf];
    }
  }

  /** Returns the record's hash as an RFC 6962 leaf. */
  public byte[] recordHash() {
    return Sha256.hash(LEAF_PREFIX, record);
  }

  /** Returns the record; not to be changed. */
  public byte[] record() {
    return record;
  }

  private int append(byte[] message, int at, int from, int to) {
    System.arraycopy(record, from, message, at, to - from);
    return at + to - from;
  }
}
