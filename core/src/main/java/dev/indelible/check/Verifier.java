// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks a log from its rows and public keys only, in one pass. Each property has its own {@link
 * Check}.
 *
 * <p>A verification proves that no row was changed, moved, inserted or removed between the first
 * row checked and the last, and that an accepted key signed each row. It does not detect rows cut
 * from the end together with the checkpoints over them, nor a chain rebuilt by a holder of an
 * accepted private key.
 */
public final class Verifier {
  private static final String UNWITNESSED =
      "no cosignatures were checked, so it would not be detected if the log showed another chain to others";

  private static final String UNANCHORED =
      "none was given, so a rollback, or a rebuild with the log's own key, would not be detected";

  private final VerifiableLedger ledger;
  private final VerificationOptions options;

  /** Creates a verifier of a ledger. */
  public Verifier(VerifiableLedger ledger, VerificationOptions options) {
    this.ledger = ledger;
    this.options = options;
  }

  /** Checks the ledger. */
  public VerificationReport verify() {
    return new Run().report();
  }

  /** One verification and its findings so far. Used by one thread. */
  private final class Run {
    private final Findings findings = new Findings();
    private KeyHistory history = KeyHistory.none(options.keys());
    private RowCheck content = new RowCheck(options.keys());
    private Head head = Head.EMPTY;

    /** Messages of the read failures reported so far. */
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
        new RowReading(ledger, content, checked -> show(checked, checks)).from(from);
        for (Check check : checks) {
          end(check);
        }
        reportAbsentOptions();
      } catch (LedgerException e) {
        storage(e);
      }
      return findings.report(rows, head);
    }

    /**
     * Compares the tables with those that the writers create, before the other checks read them.
     */
    private Optional<StorageCheck> storage() {
      try {
        return Optional.of(new StorageCheck(findings, ledger, options.since()));
      } catch (LedgerException e) {
        storage(e);
        return Optional.empty();
      }
    }

    private void reportAbsentOptions() {
      if (options.witnesses().isEmpty()) {
        findings.absent(Finding.WITNESSES, UNWITNESSED);
      }
      if (options.anchors().isEmpty()) {
        findings.absent(Finding.ANCHOR, UNANCHORED);
      }
    }

    /** Ends a check. A read failure in one check does not stop the others. */
    private void end(Check check) {
      try {
        check.end();
      } catch (LedgerException e) {
        storage(e);
      }
    }

    private void storage(LedgerException e) {
      if (unreadable.add(String.valueOf(e.getMessage()))) {
        findings.unreadable(Finding.STORAGE, OptionalLong.empty(), "", e);
      }
    }

    /** Returns every check. The tree check is first, because others use its result at the end. */
    private List<Check> checks(TrustedPrefix start) throws LedgerException {
      boolean whole = ledger.hasPayloads();
      long before = start.head().sequence();
      CheckpointKeys keys = CheckpointKeys.of(history, options);
      TreeCheck tree = new TreeCheck(findings, ledger, keys, start.edge());
      List<Check> checks =
          new ArrayList<>(List.of(tree, new LinkCheck(findings, content, start.head())));
      checks.addAll(
          whole
              ? List.of(
                  new PayloadCheck(findings, ledger, content),
                  new KeyCheck(findings, history, options.secondKeys(), before == 0),
                  new DeadLetterCheck(findings, ledger, content, before > 0),
                  new CompletenessCheck(findings, ledger, options.since()),
                  new PolicyCheck(findings, ledger, history, options.since()),
                  new ApprovalCheck(findings, ledger, content, options.origins(), before),
                  new FleetCheck(findings, ledger, history, options.since()),
                  new EndCheck(findings, ledger, history, options.since()))
              : List.of(new RedactedCheck(findings, history, ledger, options.secondKeys())));
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
        checks.add(new AnchorCheck(findings, ledger, history, options, before));
      }
      return checks;
    }

    private void show(List<CheckedRow> checked, List<Check> checks) throws LedgerException {
      for (CheckedRow row : checked) {
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
