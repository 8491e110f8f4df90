// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.note.RowCheck;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * A result of one check.
 *
 * @param check the check's name, for example {@code signature}
 * @param status states whether the property holds
 * @param sequence the row that the result is about; empty if it is about the log
 * @param message the result, in words
 * @param counts true if the verdict depends on it
 */
public record Finding(
    String check, Status status, OptionalLong sequence, String message, boolean counts) {
  /** Maximum number of faults that a report names; further faults are only counted. */
  public static final int MAX_NAMED = 1_000;

  public static final String ANCHOR = "anchor";
  public static final String APPROVALS = "approvals";
  public static final String CHECKPOINTS = "checkpoints";
  public static final String COMPLETENESS = "completeness";
  public static final String DEAD_LETTERS = "dead_letters";
  public static final String END = "end";
  public static final String EVENT_ID = "event_id";
  public static final String FORK = "fork";
  public static final String GAP = "gap";
  public static final String JOURNAL = "journal";
  public static final String KEYS = "keys";
  public static final String LAST_CHECKPOINT = "last_checkpoint";
  public static final String LEDGER = "ledger";
  public static final String POLICY = "policy";
  public static final String ROLLBACK = "rollback";
  public static final String SHARDS = "shards";
  public static final String STORAGE = RowCheck.STORAGE;
  public static final String TAMPER = "tamper";
  public static final String TREE = "tree";
  public static final String TRUSTED = "trusted";
  public static final String UNSIGNED = "unsigned";
  public static final String WITNESSES = "witnesses";

  /** Creates a finding that the verdict depends on. */
  public Finding(String check, Status status, OptionalLong sequence, String message) {
    this(check, status, sequence, message, true);
  }

  /** Returns a finding about the log that proves a fault. */
  public static Finding broken(String check, String message) {
    return new Finding(check, Status.BROKEN, OptionalLong.empty(), message);
  }

  /** Returns a finding about the log that leaves the verdict open. */
  public static Finding unknown(String check, String message) {
    return new Finding(check, Status.UNKNOWN, OptionalLong.empty(), message);
  }

  /** Returns a finding about the log that is for information only. */
  public static Finding note(String check, Status status, String message) {
    return new Finding(check, status, OptionalLong.empty(), message, false);
  }

  /** Returns true if this finding makes the verdict worse. */
  public boolean isFault() {
    return counts && status != Status.OK;
  }

  /** Writes the members of this finding. */
  void write(CanonicalWriter out) {
    out.member("check", check).member("counts", counts).member("message", message);
    sequence.ifPresent(row -> out.member("sequence", row));
    out.member("status", status.label());
  }

  /** The status of a property. */
  public enum Status {
    OK,
    BROKEN,
    /** The evidence does not suffice; the message says why. */
    UNKNOWN;

    /** Returns the name in JSON and in text, for example {@code broken}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
