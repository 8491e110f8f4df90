// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.RowFault;
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** What a verification has found so far. Used by one thread. */
final class Findings {
  private final List<Finding> faults = new ArrayList<>();
  private final List<Finding> sound = new ArrayList<>();
  private final List<Finding> notes = new ArrayList<>();

  /** The checks that have a fault, named or not. */
  private final Set<String> faulty = new HashSet<>();

  private long faultCount;
  private boolean brokenNamed;

  /** Something does not hold, or cannot be told; beyond {@link Verifier#MAX_FINDINGS} it counts. */
  void fault(Finding finding) {
    faulty.add(finding.check());
    faultCount++;
    // Room is kept for the first proof of a break among any number of unknowns.
    boolean broken = finding.status() == Status.BROKEN;
    int most = broken || brokenNamed ? Verifier.MAX_FINDINGS : Verifier.MAX_FINDINGS - 1;
    if (faults.size() < most) {
      faults.add(finding);
      brokenNamed |= broken;
    }
  }

  /** So many faults more do not hold, or cannot be told, that are not named. */
  void countMore(long faults) {
    faultCount += faults;
  }

  /** What is wrong with a row. */
  void fault(long sequence, RowFault fault) {
    Status status = fault.proven() ? Status.BROKEN : Status.UNKNOWN;
    fault(new Finding(fault.check(), status, OptionalLong.of(sequence), fault.message()));
  }

  /** A property is broken. */
  void broken(String check, String message) {
    fault(new Finding(check, Status.BROKEN, OptionalLong.empty(), message));
  }

  /** The same at that row. */
  void broken(String check, long sequence, String message) {
    fault(new Finding(check, Status.BROKEN, OptionalLong.of(sequence), message));
  }

  /** Whether a property holds cannot be told, and the verdict depends on it. */
  void unknown(String check, String message) {
    fault(new Finding(check, Status.UNKNOWN, OptionalLong.empty(), message));
  }

  /** The same of that row. */
  void unknown(String check, long sequence, String message) {
    fault(new Finding(check, Status.UNKNOWN, OptionalLong.of(sequence), message));
  }

  /** A property holds, if nothing was found to be wrong with it. */
  void holds(String check, String message) {
    if (!hasFault(check)) {
      sound.add(new Finding(check, Status.OK, OptionalLong.empty(), message));
    }
  }

  /** Something that is well and must be known, whatever else was found. */
  void ok(String check, String message) {
    note(new Finding(check, Status.OK, OptionalLong.empty(), message));
  }

  /** The same of that row. */
  void ok(String check, long sequence, String message) {
    note(new Finding(check, Status.OK, OptionalLong.of(sequence), message));
  }

  /**
   * Evidence that a log may have and this one has not: nothing is known from it, and that alone
   * makes no verdict unknown.
   */
  void absent(String check, String message) {
    note(new Finding(check, Status.UNKNOWN, OptionalLong.empty(), message, false));
  }

  /** The same of the rows from that one on. */
  void absent(String check, long sequence, String message) {
    note(new Finding(check, Status.UNKNOWN, OptionalLong.of(sequence), message, false));
  }

  /** Something else that whoever reads the report must know. */
  void note(Finding finding) {
    notes.add(finding);
  }

  /** Whether something was found to be wrong with a property. */
  boolean hasFault(String check) {
    return faulty.contains(check);
  }

  /** A number of things, in words. */
  static String count(long number, String one, String more) {
    return number + " " + (number == 1 ? one : more);
  }

  VerificationReport report(long rows, Head head) {
    List<Finding> all = new ArrayList<>(faults);
    all.addAll(sound);
    all.addAll(notes);
    return new VerificationReport(rows, head, all, faultCount);
  }
}
