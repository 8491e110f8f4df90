// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.RowSignatureNote;
import dev.indelible.ledger.TamperNote;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TileEdge;
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Checks a chain from its rows and the public keys alone.
 *
 * <p>What it proves: no row was changed, moved, inserted or removed between the first it looked at
 * and the last, and each was signed by an accepted key. What it cannot: that rows were not cut from
 * the end, or the whole chain rebuilt by someone who holds an accepted private key.
 */
public final class Verifier {
  /** Most places named in a report; more are counted. */
  public static final int MAX_FINDINGS = 1_000;

  /** Rows whose signatures are checked on all cores at once. */
  private static final int CHUNK_ROWS = 1_024;

  private final LedgerReader ledger;
  private final KeyRing keys;
  private final RowCheck check;
  private final LongConsumer progress;

  /**
   * A verifier.
   *
   * @param ledger the rows
   * @param keys the public keys whose signatures are accepted
   * @param progress told from time to time how many rows have been checked
   */
  public Verifier(LedgerReader ledger, KeyRing keys, LongConsumer progress) {
    this.ledger = ledger;
    this.keys = keys;
    this.check = new RowCheck(keys);
    this.progress = progress;
  }

  /** Checks everything. */
  public VerificationReport verify() {
    return new Run().from(1);
  }

  /**
   * Checks from a row on, trusting the row before it.
   *
   * @param sequence the first row to check
   */
  public VerificationReport verifySince(long sequence) {
    return new Run().from(sequence);
  }

  /** One verification: what it has seen and found so far. Used by one thread. */
  private final class Run {
    private final List<ChainRow> chunk = new ArrayList<>(CHUNK_ROWS);
    private final List<Finding> faults = new ArrayList<>();
    private final List<Finding> notes = new ArrayList<>();
    private final Map<String, Boolean> holds = new LinkedHashMap<>();
    private @Nullable TreeCheck tree;
    private Head head = Head.EMPTY;
    private long rows;
    private long faultCount;
    private boolean brokenNamed;
    private long gaps;

    /** Whether a signed note before this row says that rows are unsigned; where, and how many. */
    private boolean mayBeUnsigned;

    private long unsignedFrom;
    private long unsigned;
    private long unsignedUpTo;

    VerificationReport from(long sequence) {
      for (String name :
          List.of(RowCheck.SEQUENCE, RowCheck.LINK, RowCheck.PAYLOAD, RowCheck.SIGNATURE)) {
        holds.put(name, true);
      }
      try {
        readRows(sequence);
        deadLetters();
      } catch (LedgerException e) {
        Status status = e.isDamaged() ? Status.BROKEN : Status.UNKNOWN;
        fault(new Finding("storage", status, OptionalLong.empty(), e.getMessage()));
      }
      return report();
    }

    private void readRows(long sequence) throws LedgerException {
      TileEdge start = TileEdge.EMPTY;
      if (sequence > 1) {
        trust(sequence);
        start = trustedEdge(sequence - 1);
      }
      tree = new TreeCheck(ledger, keys, start);
      List<LedgerException> failed = new ArrayList<>();
      ledger.forEachRow(
          sequence > 1 ? RowQuery.from(sequence) : RowQuery.all(),
          row -> {
            chunk.add(row);
            try {
              if (chunk.size() == CHUNK_ROWS) {
                checkChunk();
              }
            } catch (LedgerException e) {
              failed.add(e);
            }
            return failed.isEmpty();
          });
      if (!failed.isEmpty()) {
        throw failed.get(0);
      }
      checkChunk();
      tree.findings().forEach(this::treeFinding);
    }

    private void treeFinding(Finding finding) {
      if (finding.status() == Status.OK || !finding.counts()) {
        notes.add(finding);
      } else {
        fault(finding);
      }
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

    private void trust(long sequence) throws LedgerException {
      ChainRow before =
          ledger
              .row(sequence - 1)
              .orElseThrow(
                  () ->
                      new LedgerException(
                          "there is no row %d to start after; the chain has %s"
                              .formatted(sequence - 1, "fewer rows than that")));
      head = before.head();
      mayBeUnsigned = isUnsignedBehind(sequence);
      notes.add(
          new Finding(
              "trusted",
              Status.OK,
              OptionalLong.of(sequence - 1),
              "rows 1 to %d were not checked; row %d is trusted with record hash %s"
                  .formatted(sequence - 1, sequence - 1, head.hex())));
    }

    /** What the last signed note before a row says of signatures. */
    private boolean isUnsignedBehind(long sequence) throws LedgerException {
      List<RowSignatureNote> said = new ArrayList<>();
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
          row -> {
            if (row.sequence() < sequence && check.content(row).isEmpty()) {
              RowSignatureNote.read(row).ifPresent(said::add);
            }
            return row.sequence() < sequence;
          });
      return !said.isEmpty() && !said.get(said.size() - 1).everyRow();
    }

    /** Signatures on all cores, links in order. */
    private void checkChunk() throws LedgerException {
      List<Hash> leaves = new ArrayList<>(chunk.size());
      List<List<RowFault>> contents = chunk.parallelStream().map(check::content).toList();
      for (int i = 0; i < chunk.size(); i++) {
        ChainRow row = chunk.get(i);
        check.link(row, head).forEach(fault -> fault(row, fault));
        contents.get(i).forEach(fault -> content(row, fault));
        if (row.eventType().equals(SystemEvent.TAMPER)) {
          tamper(row);
        } else if (row.eventType().equals(SystemEvent.GAP)) {
          gap(row);
        } else if (contents.get(i).isEmpty()) {
          RowSignatureNote.read(row).ifPresent(note -> mayBeUnsigned = !note.everyRow());
        }
        head = row.head();
        leaves.add(Hash.of(head.hash()));
        rows++;
      }
      tree.rows(leaves);
      chunk.clear();
      progress.accept(rows);
    }

    private void content(ChainRow row, RowFault fault) {
      if (!mayBeUnsigned || !RowCheck.isUnsigned(row, fault)) {
        fault(row, fault);
        return;
      }
      unsignedFrom = unsigned == 0 ? row.sequence() : unsignedFrom;
      unsigned++;
      unsignedUpTo = row.sequence();
    }

    private void tamper(ChainRow row) {
      String noted =
          TamperNote.read(row).map(TamperNote::describe).orElse("its note is unreadable");
      fault(
          new Finding(
              "tamper",
              Status.BROKEN,
              OptionalLong.of(row.sequence()),
              "the log noted tampering while it ran: " + noted));
    }

    /** D7: the chain is none the worse for it, and yet something is missing from the record. */
    private void gap(ChainRow row) {
      gaps++;
      if (gaps <= MAX_FINDINGS) {
        notes.add(
            new Finding(
                "gap",
                Status.OK,
                OptionalLong.of(row.sequence()),
                "accepted events were lost, and this row says so: " + cause(row)));
      }
    }

    private static String cause(ChainRow row) {
      try {
        byte[] payload = row.payload().orElseThrow(() -> new JsonFormatException("it is gone"));
        JsonFields event = JsonFields.of(CanonicalJson.read(payload), "payload");
        return JsonFields.of(event.node("details"), "details").string("cause");
      } catch (JsonFormatException e) {
        return "its note is unreadable";
      }
    }

    private void deadLetters() throws LedgerException {
      notes.add(
          new Finding(
              "dead_letters",
              Status.OK,
              OptionalLong.empty(),
              ledger.dlqSize() + " waiting to be replayed"));
    }

    private void fault(ChainRow row, RowFault fault) {
      Status status = fault.proven() ? Status.BROKEN : Status.UNKNOWN;
      OptionalLong sequence = OptionalLong.of(row.sequence());
      fault(new Finding(fault.check(), status, sequence, fault.message()));
    }

    private void fault(Finding finding) {
      holds.put(finding.check(), false);
      faultCount++;
      // Room is kept for the first proof of a break among any number of unknowns.
      boolean broken = finding.status() == Status.BROKEN;
      if (faults.size() < (broken || brokenNamed ? MAX_FINDINGS : MAX_FINDINGS - 1)) {
        faults.add(finding);
        brokenNamed |= broken;
      }
    }

    /** Rows that a checkpoint covers are as good as signed: their hashes are under its root. */
    private Finding unsigned() {
      long covered = tree == null ? 0 : tree.covered();
      boolean all = unsignedUpTo <= covered;
      return new Finding(
          "unsigned",
          all ? Status.OK : Status.UNKNOWN,
          OptionalLong.of(unsignedFrom),
          "%d rows from row %d on are unsigned, as a signed note before them says; %s"
              .formatted(
                  unsigned,
                  unsignedFrom,
                  all
                      ? "the checkpoint over " + covered + " rows covers them"
                      : "behind row " + covered + " only their links tie them to the rest"));
    }

    private VerificationReport report() {
      List<Finding> findings = new ArrayList<>(faults);
      boolean readable = holds.getOrDefault("storage", true);
      holds.forEach(
          (name, ok) -> {
            if (ok && readable) {
              findings.add(
                  new Finding(
                      name, Status.OK, OptionalLong.empty(), "holds for " + rows + " rows"));
            }
          });
      if (unsigned > 0) {
        findings.add(unsigned());
      }
      findings.addAll(notes);
      return new VerificationReport(rows, head, findings, faultCount);
    }
  }
}
