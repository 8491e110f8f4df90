// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.Head;
import dev.indelible.verify.Finding.Status;
import java.util.List;
import java.util.OptionalLong;

/**
 * What the verifier has to say of a chain.
 *
 * @param rows how many rows it looked at
 * @param head the end of what it looked at
 * @param findings one for each property that holds, and one for each place where one does not; at
 *     most {@link Verifier#MAX_FINDINGS} of the latter
 * @param faults how many places do not hold, named or not
 */
public record VerificationReport(long rows, Head head, List<Finding> findings, long faults) {
  public VerificationReport {
    findings = List.copyOf(findings);
  }

  /** Broken if anything is; else unknown if anything is; else intact. */
  public Verdict verdict() {
    if (findings.stream().anyMatch(finding -> finding.status() == Status.BROKEN)) {
      return Verdict.BROKEN;
    }
    return findings.stream()
            .anyMatch(finding -> finding.counts() && finding.status() == Status.UNKNOWN)
        ? Verdict.UNKNOWN
        : Verdict.INTACT;
  }

  /** The first row that is broken. */
  public OptionalLong firstBroken() {
    return findings.stream()
        .filter(finding -> finding.status() == Status.BROKEN)
        .map(Finding::sequence)
        .flatMapToLong(OptionalLong::stream)
        .min();
  }

  /** The one word on a chain. */
  public enum Verdict {
    INTACT,
    BROKEN,
    UNKNOWN
  }
}
