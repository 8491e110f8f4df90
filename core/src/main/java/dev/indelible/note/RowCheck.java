// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.StoredRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Checks one row: its sequence and its link against the previous row, its payload and its signature
 * by themselves. Safe for use by several threads at once.
 */
public final class RowCheck {
  public static final String SEQUENCE = "sequence";
  public static final String LINK = "link";
  public static final String PAYLOAD = "payload";
  public static final String SIGNATURE = "signature";
  public static final String ORDER = "order";

  /** Name of the check of the tables, which includes the types of their columns. */
  public static final String STORAGE = "storage";

  /** Number of sequences, up and down, for which the signature of a possibly moved row is tried. */
  private static final int MOVED_AT_MOST = 32;

  private static final RowFault IS_UNSIGNED =
      new RowFault(SIGNATURE, true, "it is unsigned, in a log that signs every row");
  private static final List<RowFault> ONLY_UNSIGNED = List.of(IS_UNSIGNED);

  private final KeyRing keys;

  /** True if a row is compared with its payload. */
  private final boolean payloads;

  private RowCheck(KeyRing keys, boolean payloads) {
    this.keys = keys;
    this.payloads = payloads;
  }

  /** Creates a check against the public keys whose signatures are accepted. */
  public RowCheck(KeyRing keys) {
    this(keys, true);
  }

  /** Creates a check of rows whose payloads are not available. */
  public static RowCheck ofRecords(KeyRing keys) {
    return new RowCheck(keys, false);
  }

  /** Returns the accepted keys. */
  public KeyRing keys() {
    return keys;
  }

  /** Returns this check with further keys accepted. */
  public RowCheck alsoAccepting(KeyRing more) {
    return new RowCheck(keys.and(more), payloads);
  }

  /** Returns the faults of a row's sequence and link. */
  public List<RowFault> link(StoredRow row, Head before) {
    if (row.follows(before)) {
      return List.of();
    }
    if (row.sequence() != before.sequence() + 1) {
      return List.of(
          new RowFault(SEQUENCE, true, misplaced(row.sequence(), before.sequence() + 1)));
    }
    String message =
        "does not link to the row before it: one of the two was changed, moved or inserted";
    return List.of(new RowFault(LINK, true, message));
  }

  /** Returns the faults of a row by itself. */
  public List<RowFault> content(StoredRow stored) {
    if (stored.isPayloadVerified()) {
      if (stored.isUnsigned()) {
        return ONLY_UNSIGNED;
      }
      if (stored.isSignedBy(keys)) {
        return List.of();
      }
    }
    ChainRow row = stored.decoded();
    List<RowFault> faults = new ArrayList<>();
    if (payloads) {
      payload(row).ifPresent(faults::add);
    }
    signature(row).ifPresent(faults::add);
    return faults;
  }

  /**
   * Returns true if a fault is only that the row is unsigned. This is not a fault after a note in
   * the chain that states that row signatures are off.
   */
  public static boolean isUnsigned(StoredRow row, RowFault fault) {
    return row.isUnsigned() && fault.check().equals(SIGNATURE);
  }

  /** Returns a contradiction between a row and its payload; the record hash does not detect one. */
  public static Optional<RowFault> payload(ChainRow row) {
    if (row.payload().isEmpty()) {
      return broken(
          PAYLOAD, "it has no payload, and no payload.erased event that names it was found");
    }
    byte[] payload = row.payload().get();
    return Arrays.equals(Sha256.hash(payload), row.payloadHash())
        ? PayloadClaims.contradiction(row, payload)
            .map(contradiction -> new RowFault(PAYLOAD, true, contradiction))
        : broken(PAYLOAD, "its payload and its payload hash do not agree");
  }

  private static String misplaced(long actual, long expected) {
    if (actual < expected) {
      return "comes where row " + expected + " should be";
    }
    return actual - expected == 1
        ? "row " + expected + " before it is missing"
        : "rows " + expected + " to " + (actual - 1) + " before it are missing";
  }

  private Optional<RowFault> signature(ChainRow row) {
    Optional<String> misfit = row.misfit();
    if (misfit.isPresent()) {
      // The value that was signed is unknown.
      return broken(STORAGE, misfit.get());
    }
    return switch (row.attestLevel()) {
      case ChainRow.SELF_SIGNED -> selfSigned(row);
      case ChainRow.UNSIGNED -> Optional.of(IS_UNSIGNED);
      default -> broken(SIGNATURE, "its attest_level \"" + row.attestLevel() + "\" is unknown");
    };
  }

  private Optional<RowFault> selfSigned(ChainRow row) {
    if (row.signature().isEmpty() || row.keyId().isEmpty()) {
      return broken(SIGNATURE, "it states that it is signed, but lacks its signature or key id");
    }
    byte[] signature = row.signature().get();
    if (signature.length != VerificationKey.SIGNATURE_BYTES) {
      return broken(
          SIGNATURE, "its signature is " + signature.length + " bytes; Ed25519 has exactly 64");
    }
    Optional<VerificationKey> key = keys.find(row.keyId().get());
    if (key.isPresent() && key.get().verifies(row.signedMessage(), signature)) {
      return Optional.empty();
    }
    return diagnose(row, signature);
  }

  /** Distinguishes a changed key id from an unknown key, and a moved row from a changed one. */
  private Optional<RowFault> diagnose(ChainRow row, byte[] signature) {
    for (VerificationKey key : keys.keys()) {
      if (signedAs(row, row.sequence(), key, signature)) {
        return broken(SIGNATURE, "its key_id was changed: key " + key.keyId() + " signed it");
      }
    }
    String keyId = row.keyId().orElse("");
    Optional<VerificationKey> named = keys.find(keyId);
    if (named.isEmpty()) {
      String message = "it is signed by a key that is not known here: " + keyId;
      return Optional.of(new RowFault(SIGNATURE, false, message));
    }
    for (int distance = 1; distance <= MOVED_AT_MOST; distance++) {
      for (long place : new long[] {row.sequence() - distance, row.sequence() + distance}) {
        if (signedAs(row, place, named.get(), signature)) {
          return broken(ORDER, "it was signed as row " + place + " and has been moved");
        }
      }
    }
    return broken(
        SIGNATURE, "its signature by key " + keyId + " does not verify: it was changed or planted");
  }

  private static boolean signedAs(
      ChainRow row, long sequence, VerificationKey key, byte[] signature) {
    return key.verifies(
        row.signedAs(sequence, Optional.of(key.keyId())).signedMessage(), signature);
  }

  private static Optional<RowFault> broken(String check, String message) {
    return Optional.of(new RowFault(check, true, message));
  }
}
