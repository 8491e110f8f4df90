// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.verify.VerificationReport;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A chain cannot be adopted. */
public final class AdoptionException extends Exception {
  /** The reasons why a chain cannot be adopted. */
  public enum Reason {
    /** The chain does not verify. */
    BROKEN,
    /** A later version of ai-memory wrote rows, which this version cannot verify. */
    UNKNOWN,
    /** The file has no rows, or another process is writing to it. */
    UNUSABLE
  }

  private final Reason reason;
  private final transient @Nullable VerificationReport report;

  AdoptionException(Reason reason, String message, @Nullable VerificationReport report) {
    super(message);
    this.reason = reason;
    this.report = report;
  }

  /** Returns why the chain cannot be adopted. */
  public Reason reason() {
    return reason;
  }

  /** Returns the report on the chain; empty if the file was unusable. */
  public Optional<VerificationReport> report() {
    return Optional.ofNullable(report);
  }
}
