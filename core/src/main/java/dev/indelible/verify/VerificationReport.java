// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Result of a verification.
 *
 * @param rows the number of rows checked
 * @param head the last row checked
 * @param findings one for each property that holds and one for each fault, of which at most {@link
 *     Finding#MAX_NAMED} are named
 * @param faults the number of faults, named or not
 */
public record VerificationReport(long rows, Head head, List<Finding> findings, long faults) {
  public VerificationReport {
    findings = List.copyOf(findings);
  }

  /**
   * Returns the report on a ledger that is too damaged to open.
   *
   * @throws LedgerException the failure, if the ledger is not damaged
   */
  public static VerificationReport ofDamage(LedgerException failure) throws LedgerException {
    if (!failure.isDamaged()) {
      throw failure;
    }
    Finding storage = Finding.broken(Finding.STORAGE, String.valueOf(failure.getMessage()));
    return new VerificationReport(0, Head.EMPTY, List.of(storage), 1);
  }

  /** Returns this report with one more finding: a fault goes first, any other finding last. */
  public VerificationReport with(Finding finding) {
    List<Finding> all = new ArrayList<>(findings);
    all.add(finding.isFault() ? 0 : all.size(), finding);
    return new VerificationReport(rows, head, all, faults + (finding.isFault() ? 1 : 0));
  }

  /**
   * Returns broken if any finding is broken, else unknown if a finding that counts is unknown, else
   * intact.
   */
  public Verdict verdict() {
    if (findings.stream().anyMatch(finding -> finding.status() == Status.BROKEN)) {
      return Verdict.BROKEN;
    }
    return findings.stream().anyMatch(Finding::isFault) ? Verdict.UNKNOWN : Verdict.INTACT;
  }

  /** Writes the members of this report. */
  public void write(CanonicalWriter out) {
    out.member("faults", faults)
        .name("findings")
        .objects(findings, finding -> finding.write(out))
        .name("head")
        .beginObject()
        .member("hash", head.hex())
        .member("sequence", head.sequence())
        .endObject()
        .member("rows", rows)
        .member("verdict", verdict().label());
  }

  /** Returns the first broken row. */
  public OptionalLong firstBroken() {
    return findings.stream()
        .filter(finding -> finding.status() == Status.BROKEN)
        .map(Finding::sequence)
        .flatMapToLong(OptionalLong::stream)
        .min();
  }

  /** The verdict on a chain. */
  public enum Verdict {
    INTACT,
    BROKEN,
    UNKNOWN;

    /** Returns the name in JSON and in text, for example {@code intact}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
