// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import dev.indelible.checkpoint.VerificationException;
import org.jspecify.annotations.Nullable;

/** Thrown if a receipt does not prove its record. The message states the reason. */
public final class DisclosureException extends Exception {
  private static final long serialVersionUID = 1;

  /** Kind of failure. */
  public enum Reason {
    /** A signature, the inclusion proof or the record is wrong. */
    REFUTED,
    /**
     * No trusted key signed it, or too few witnesses cosigned it; this does not prove that it is
     * wrong.
     */
    UNKNOWN,
    /** Two trusted keys have the same name and id. */
    AMBIGUOUS_KEYS,
    /** The log has the entry, but it is not the record of an event. */
    NOT_A_RECORD
  }

  private final Reason reason;

  DisclosureException(Reason reason, String message, @Nullable Exception cause) {
    super(message, cause);
    this.reason = reason;
  }

  static DisclosureException of(VerificationException e) {
    Reason reason =
        switch (e.reason()) {
          case AMBIGUOUS_KEYS -> Reason.AMBIGUOUS_KEYS;
          case BAD_SIGNATURE, NOT_INCLUDED -> Reason.REFUTED;
          case UNKNOWN_ORIGIN, NO_KNOWN_SIGNATURE, NO_QUORUM -> Reason.UNKNOWN;
        };
    return new DisclosureException(reason, String.valueOf(e.getMessage()), e);
  }

  public Reason reason() {
    return reason;
  }
}
