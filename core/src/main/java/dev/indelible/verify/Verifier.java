// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks a log from its rows and the public keys alone: each property by a {@link Check} of its
 * own, all in one pass.
 *
 * <p>What it proves: no row was changed, moved, inserted or removed between the first it looked at
 * and the last, and each was signed by an accepted key. What it cannot: that rows were not cut from
 * the end together with the checkpoints over them, or the whole chain rebuilt by someone who holds
 * an accepted private key.
 */
public final class Verifier {
  /** Most places named in a report; more are counted. */
  public static final int MAX_FINDINGS = 1_000;

  private static final String UNWITNESSED =
      "no cosignature was asked for: that the log shows others another chain could not be seen";

  private static final String UNANCHORED =
      "none was given: that the log was rolled back, or rebuilt with its own key, could not be seen";

  private final LedgerReader ledger;
  private final VerificationOptions options;

  /** A verifier of that ledger. */
  public Verifier(LedgerReader ledger, VerificationOptions options) {
    this.ledger = ledger;
    this.options = options;
  }

  /** Checks all that the options ask for. */
  public VerificationReport verify() {
    return new Run().report();
  }

  /** One verification: what it has seen and found so far. Used by one thread. */
  private final class Run {
    private final Findings findings = new Findings();
    private KeyHistory history = KeyHistory.none(options.keys());
    private RowCheck content = new RowCheck(options.keys());
    private Head head = Head.EMPTY;

    /** What could not be read, and was said. */
    private final Set<String> unreadable = new HashSet<>();

    private long rows;

    VerificationReport report() {
      Optional<StorageCheck> storage = storage();
      try {
        if (ledger.hasPayloads()) {
          history = KeyHistory.read(ledger, options.keys(), options.rooted());
          content = new RowCheck(history.keys());
        } else {
          content = RowCheck.ofRecords(history.keys());
        }
        TrustedPrefix start = TrustedPrefix.read(ledger, options, history, findings);
        head = start.head();
        List<Check> checks = checks(start);
        storage.ifPresent(checks::add);
        long from = options.since() > 1 ? options.since() : Long.MIN_VALUE;
        new RowReading(ledger, content, judged -> show(judged, checks)).from(from);
        for (Check check : checks) {
          end(check);
        }
        sayWhatWasNotAskedFor();
      } catch (LedgerException e) {
        storage(e);
      }
      return findings.report(rows, head);
    }

    /** Compares the tables first; what can be read of changed ones is checked like any other. */
    private Optional<StorageCheck> storage() {
      try {
        return Optional.of(new StorageCheck(findings, ledger, options.since()));
      } catch (LedgerException e) {
        storage(e);
        return Optional.empty();
      }
    }

    private void sayWhatWasNotAskedFor() {
      if (options.witnesses().isEmpty()) {
        findings.absent(WitnessCheck.WITNESSES, UNWITNESSED);
      }
      if (options.anchors().isEmpty()) {
        findings.absent(AnchorCheck.ANCHOR, UNANCHORED);
      }
    }

    /** What one check cannot read keeps no other from its word. */
    private void end(Check check) {
      try {
        check.end();
      } catch (LedgerException e) {
        storage(e);
      }
    }

    private void storage(LedgerException e) {
      if (unreadable.add(String.valueOf(e.getMessage()))) {
        Status status = e.isDamaged() ? Status.BROKEN : Status.UNKNOWN;
        findings.fault(
            new Finding(StorageCheck.STORAGE, status, OptionalLong.empty(), e.getMessage()));
      }
    }

    /** Every property that is checked; the tree first, which others ask in the end. */
    private List<Check> checks(TrustedPrefix start) throws LedgerException {
      boolean whole = ledger.hasPayloads();
      long before = start.head().sequence();
      CheckpointKeys keys = new CheckpointKeys(history, options.origins());
      TreeCheck tree = new TreeCheck(findings, ledger, keys, start.edge());
      List<Check> checks =
          new ArrayList<>(List.of(tree, new LinkCheck(findings, content, start.head())));
      checks.addAll(
          whole
              ? List.of(
                  new PayloadCheck(findings, ledger, content),
                  new KeyCheck(findings, history, before == 0),
                  new DeadLetterCheck(findings, ledger),
                  new CompletenessCheck(findings, ledger, options.since()))
              : List.of(new RedactedCheck(findings, history)));
      checks.addAll(
          List.of(
              new SignatureCheck(findings, tree, ledger, content, before + 1),
              new EventIdCheck(findings, ledger, before == 0 ? Long.MIN_VALUE : before + 1),
              new TamperCheck(findings, ledger, history),
              new GapCheck(findings)));
      options
          .witnesses()
          .ifPresent(
              policy -> checks.add(new WitnessCheck(findings, ledger, keys, policy, before)));
      if (!options.anchors().isEmpty()) {
        checks.add(
            new AnchorCheck(findings, ledger, history, options.anchors(), options.copy(), before));
      }
      return checks;
    }

    private void show(List<CheckedRow> judged, List<Check> checks) throws LedgerException {
      for (CheckedRow row : judged) {
        for (Check check : checks) {
          check.row(row);
        }
        head = row.head();
        rows++;
      }
      options.progress().accept(rows);
    }
  }
}
