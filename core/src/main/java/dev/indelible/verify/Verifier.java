// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.merkle.TileEdge;
import dev.indelible.verify.Finding.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

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
    private long rows;

    VerificationReport report() {
      try {
        history = KeyHistory.read(ledger, options.keys(), options.rooted());
        content = new RowCheck(history.keys());
        Start start = start();
        head = start.head();
        List<Check> checks = checks(start);
        long from = options.since() > 1 ? options.since() : Long.MIN_VALUE;
        new RowReading(ledger, content, judged -> show(judged, checks)).from(from);
        for (Check check : checks) {
          check.end();
        }
      } catch (LedgerException e) {
        Status status = e.isDamaged() ? Status.BROKEN : Status.UNKNOWN;
        findings.fault(new Finding("storage", status, OptionalLong.empty(), e.getMessage()));
      }
      return findings.report(rows, head);
    }

    /** Every property that is checked; the tree first, which others ask in the end. */
    private List<Check> checks(Start start) throws LedgerException {
      TreeCheck tree = new TreeCheck(findings, ledger, history, start.edge());
      List<Check> checks =
          new ArrayList<>(
              List.of(
                  tree,
                  new LinkCheck(findings, content, start.head()),
                  new PayloadCheck(findings, ledger, content),
                  new SignatureCheck(findings, tree, start.mayBeUnsigned()),
                  new KeyCheck(findings, history, options.since() <= 1),
                  new TamperCheck(findings),
                  new GapCheck(findings),
                  new DeadLetterCheck(findings, ledger)));
      options
          .witnesses()
          .ifPresent(policy -> checks.add(new WitnessCheck(findings, ledger, policy)));
      for (Path anchor : options.anchors()) {
        checks.add(new AnchorCheck(findings, ledger, history.keys(), anchor));
      }
      return checks;
    }

    private void show(List<JudgedRow> judged, List<Check> checks) throws LedgerException {
      for (JudgedRow row : judged) {
        for (Check check : checks) {
          check.row(row);
        }
        head = row.head();
        rows++;
      }
      options.progress().accept(rows);
    }

    /** What is before the first row to check, and trusted. */
    private Start start() throws LedgerException {
      long since = options.since();
      if (since <= 1) {
        return new Start(Head.EMPTY, TileEdge.EMPTY, false);
      }
      Head trusted =
          ledger
              .row(since - 1)
              .orElseThrow(
                  () ->
                      new LedgerException(
                          "there is no row %d to start after; the chain has fewer rows than that"
                              .formatted(since - 1)))
              .head();
      findings.note(
          new Finding(
              "trusted",
              Status.OK,
              OptionalLong.of(since - 1),
              "rows 1 to %d were not checked; row %d is trusted with record hash %s"
                  .formatted(since - 1, since - 1, trusted.hex())));
      return new Start(
          trusted, trustedEdge(since - 1), SignatureCheck.mayBeUnsigned(ledger, since, content));
    }

    /** The tree of the rows that are not checked, from the stored tiles. */
    private TileEdge trustedEdge(long size) throws LedgerException {
      if (ledger.treeSize().isEmpty()) {
        return TileEdge.EMPTY;
      }
      if (ledger.treeSize().getAsLong() < size) {
        throw new LedgerException(
            "the tree does not reach row %d; check the whole chain instead".formatted(size));
      }
      return TileEdge.read(size, new StoredTiles(ledger));
    }
  }

  /**
   * What the first row to check follows.
   *
   * @param head the row before it
   * @param edge the tree of the rows before it
   * @param mayBeUnsigned whether a signed note before it says that rows are unsigned
   */
  private record Start(Head head, TileEdge edge, boolean mayBeUnsigned) {}
}
