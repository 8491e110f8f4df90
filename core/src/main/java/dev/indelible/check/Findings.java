// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.RowFault;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Collects the findings of one verification. Used by one thread. */
final class Findings {
  private final List<Finding> faults = new ArrayList<>();
  private final List<Finding> sound = new ArrayList<>();
  private final List<Finding> notes = new ArrayList<>();

  /** The checks that have a fault, named or only counted. */
  private final Set<String> faulty = new HashSet<>();

  private long faultCount;
  private boolean brokenNamed;

  /** Adds a fault. After {@link Finding#MAX_NAMED} faults, further ones are only counted. */
  void fault(Finding finding) {
    faulty.add(finding.check());
    faultCount++;
    // The last place is reserved for the first broken finding.
    boolean broken = finding.status() == Status.BROKEN;
    int most = broken || brokenNamed ? Finding.MAX_NAMED : Finding.MAX_NAMED - 1;
    if (faults.size() < most) {
      faults.add(finding);
      brokenNamed |= broken;
    }
  }

  /** Adds the faults of another collection, both named and only counted. */
  void addFaults(Findings other) {
    other.faults.forEach(this::fault);
    faulty.addAll(other.faulty);
    faultCount += other.faultCount - other.faults.size();
  }

  /** Adds the fault of a row. */
  void fault(long sequence, RowFault fault) {
    Status status = fault.proven() ? Status.BROKEN : Status.UNKNOWN;
    fault(new Finding(fault.check(), status, OptionalLong.of(sequence), fault.message()));
  }

  /** Adds a failed read: broken if the ledger is damaged, unknown after any other failure. */
  void unreadable(String check, OptionalLong sequence, String message, LedgerException cause) {
    Status status = cause.isDamaged() ? Status.BROKEN : Status.UNKNOWN;
    fault(new Finding(check, status, sequence, message + cause.getMessage()));
  }

  /** Adds a proven fault of the log. */
  void broken(String check, String message) {
    fault(Finding.broken(check, message));
  }

  /** Adds a proven fault at a row. */
  void broken(String check, long sequence, String message) {
    fault(new Finding(check, Status.BROKEN, OptionalLong.of(sequence), message));
  }

  /** Adds a property of the log that the evidence cannot decide; the verdict is not intact. */
  void unknown(String check, String message) {
    fault(Finding.unknown(check, message));
  }

  /** Adds a property of a row that the evidence cannot decide; the verdict is not intact. */
  void unknown(String check, long sequence, String message) {
    fault(new Finding(check, Status.UNKNOWN, OptionalLong.of(sequence), message));
  }

  /** Adds a property that holds, unless the check has a fault. */
  void holds(String check, String message) {
    if (!hasFault(check)) {
      sound.add(new Finding(check, Status.OK, OptionalLong.empty(), message));
    }
  }

  /** Adds information about the log, regardless of faults. */
  void ok(String check, String message) {
    note(new Finding(check, Status.OK, OptionalLong.empty(), message));
  }

  /** Adds information about a row, regardless of faults. */
  void ok(String check, long sequence, String message) {
    note(new Finding(check, Status.OK, OptionalLong.of(sequence), message));
  }

  /** Adds a note that the log lacks optional evidence; the verdict does not depend on it. */
  void absent(String check, String message) {
    note(Finding.note(check, Status.UNKNOWN, message));
  }

  /**
   * Adds a note that optional evidence is missing from a row on; the verdict does not depend on it.
   */
  void absent(String check, long sequence, String message) {
    note(new Finding(check, Status.UNKNOWN, OptionalLong.of(sequence), message, false));
  }

  /** Adds a finding after the faults and the properties that hold. */
  void note(Finding finding) {
    notes.add(finding);
  }

  /** Returns true if a check has a fault. */
  boolean hasFault(String check) {
    return faulty.contains(check);
  }

  /** Returns a number followed by its noun, in the singular or the plural. */
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
