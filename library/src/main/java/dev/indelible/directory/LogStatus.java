// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.encoding.Timestamps;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.LogEnd;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.OperatorHistory.Operator;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.publish.LastCosignature;
import dev.indelible.storage.RowCounter;
import dev.indelible.storage.StoredLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The status of a log: counts, keys, rules, evidence, and every fault. The command and the daemon
 * both report it. A value that could not be read is empty, never zero.
 *
 * @param check the check of the files in the data directory
 * @param health every fault: of the running log, of the files, and of the values below
 * @param counts the number of rows, and of refusals and escalations among them
 * @param head the last row; {@link Head#EMPTY} without rows
 * @param signatures the state of row signatures
 * @param witnessed the rows under a checkpoint that a quorum cosigned; empty without witnesses
 * @param anchored the rows under a checkpoint in the anchor file; empty without an anchor file
 * @param times the times that bound the age of checkpoint, cosignatures and anchor
 * @param indexed the rows of the index for queries
 * @param tally the last valid tally
 * @param end the row that ended the log; empty if it was not ended, or that cannot be read
 */
public record LogStatus(
    HealthReport check,
    AuditHealth health,
    Optional<RowCounter.Counts> counts,
    Optional<Head> head,
    RowSignatures signatures,
    Optional<Coverage> witnessed,
    Optional<Coverage> anchored,
    EvidenceTimes times,
    Coverage indexed,
    Optional<LastTally> tally,
    Optional<ChainRow> end) {

  /**
   * Reads the status of a log, which may be open for recording.
   *
   * @param anchor the log's anchor file; empty if it has none
   * @param running the health of the running log; {@link AuditHealth#RECORDING} if it is not
   *     running here
   * @param counter counts the rows; one that counted this ledger before reads only later rows
   * @throws LedgerException if nothing was recorded in the directory yet
   */
  public static LogStatus read(
      DataDirectory data, Optional<Path> anchor, AuditHealth running, RowCounter counter)
      throws LedgerException {
    try (StoredLedger ledger = data.engine().open()) {
      return new Reading(Optional.of(ledger), running).status(data, anchor, counter);
    } catch (LedgerException e) {
      Reading reading = new Reading(Optional.empty(), running);
      reading.add(HealthCheck.unreadable(data, e));
      LogStatus status = reading.status(data, anchor, counter);
      boolean waits = status.health().entry(HealthEntry.WAITING).isPresent();
      if (!data.recordsLedger() && !Files.exists(data.lastCheckpoint()) && !waits) {
        // Nothing was recorded here.
        throw e;
      }
      return status;
    }
  }

  /** Reads the values of one status, and collects the faults. */
  private static final class Reading {
    /** Empty if the ledger cannot be opened. */
    private final Optional<StoredLedger> ledger;

    private AuditHealth health;

    Reading(Optional<StoredLedger> ledger, AuditHealth running) {
      this.ledger = ledger;
      this.health = running;
    }

    void add(HealthEntry entry) {
      health = health.and(List.of(entry));
    }

    LogStatus status(DataDirectory data, Optional<Path> anchor, RowCounter counter) {
      HealthReport check = HealthCheck.of(data, ledger, anchor);
      health = health.and(check.health().entries());
      Optional<Head> head = read("the last row", Reading::head);
      Optional<RowCounter.Counts> counts = read("rows", counter::count);
      RowSignatures signatures =
          check
              .accepted()
              .flatMap(ring -> read("row signatures", open -> RowSignatures.read(open, ring)))
              .orElse(RowSignatures.UNKNOWN);
      Optional<Coverage> witnessed = witnessed(check, head);
      Optional<LastTally> tally =
          check
              .accepted()
              .flatMap(ring -> read("the last tally", open -> LastTally.read(open, ring)))
              .flatMap(Function.identity());
      Coverage indexed = Coverage.of(indexed(data.index()), head);
      return new LogStatus(
          check,
          health,
          counts,
          head,
          signatures,
          witnessed,
          anchor.map(file -> Coverage.of(check.anchored(), head)),
          times(check),
          indexed,
          tally,
          read("the end of the log", open -> end(data, open)).flatMap(Function.identity()));
    }

    private static Optional<ChainRow> end(DataDirectory data, StoredLedger ledger)
        throws LedgerException {
      try {
        return data.end(ledger);
      } catch (KeyException e) {
        // The check of the files reports that the keys cannot be read.
        return Optional.empty();
      }
    }

    private EvidenceTimes times(HealthReport check) {
      return new EvidenceTimes(
          timeOf(check.checkpoint().map(Checkpoint::size).orElse(0L)),
          timeOf(check.anchored().orElse(0L)),
          check
              .witnesses()
              .flatMap(policy -> read("cosignatures", open -> LastCosignature.ofEach(open, policy)))
              .orElse(List.of()));
    }

    /** Returns the recorded time of a row; empty if the row cannot be read, or for row 0. */
    private Optional<String> timeOf(long sequence) {
      return sequence == 0
          ? Optional.empty()
          : read("row " + sequence, open -> open.row(sequence))
              .flatMap(Function.identity())
              .map(ChainRow::timestamp);
    }

    private <T> Optional<T> read(
        String what, ThrowingFunction<StoredLedger, T, LedgerException> reading) {
      try {
        return ledger.isEmpty() ? Optional.empty() : Optional.of(reading.apply(ledger.get()));
      } catch (LedgerException e) {
        add(new HealthEntry(HealthEntry.LEDGER, what + " cannot be read: " + e.getMessage()));
        return Optional.empty();
      }
    }

    private static Head head(StoredLedger ledger) throws LedgerException {
      return ledger.lastRow().map(ChainRow::head).orElse(Head.EMPTY);
    }

    private OptionalLong indexed(LogIndex index) {
      try {
        return ledger.isEmpty()
            ? OptionalLong.empty()
            : OptionalLong.of(index.reached(ledger.get()));
      } catch (LedgerException e) {
        add(new HealthEntry(HealthEntry.INDEX, "the index cannot be read: " + e.getMessage()));
        return OptionalLong.empty();
      }
    }

    private Optional<Coverage> witnessed(HealthReport check, Optional<Head> head) {
      if (check.witnesses().isEmpty() && health.entry(HealthEntry.WITNESSES).isEmpty()) {
        return Optional.empty();
      }
      OptionalLong cosigned =
          check
              .witnesses()
              .flatMap(
                  policy ->
                      read("cosignatures", open -> CosignatureFollower.cosigned(open, policy)))
              .orElse(OptionalLong.empty());
      return Optional.of(Coverage.of(cosigned, head));
    }
  }

  /** Returns the state in one word: {@code ok}, {@code unhealthy} or {@code tampered}. */
  public String state() {
    return check.isTampered() ? "tampered" : health.isWell() ? "ok" : "unhealthy";
  }

  /** Returns the last row; empty if there is none or it is unknown. */
  public Optional<Head> lastRow() {
    return head.filter(last -> !last.equals(Head.EMPTY));
  }

  /** Returns the ids of the usable keys; empty if there is no usable signing key. */
  public Optional<List<String>> keys() {
    return check.keys().map(ring -> ring.keys().stream().map(key -> key.keyId()).toList());
  }

  /** Writes the members of the status. */
  public void write(CanonicalWriter out) {
    out.name("anchor")
        .object(
            anchored,
            rows -> {
              rows.writeSize(out, "anchored");
              out.name("newest_row").nullable(times.anchored());
              rows.writeRest(out, "anchored");
            });
    out.name("approval").beginObject().name("deferred_audit_dlq_size");
    out.nullable(check.deadLetters()).endObject();
    out.name("blocked").nullable(counts.map(RowCounter.Counts::blocked), out::number);
    out.name("checkpoint")
        .object(
            check.checkpoint(),
            last -> {
              out.name("newest_row").nullable(times.checkpoint());
              out.member("origin", last.origin()).member("size", last.size());
            });
    out.name("end")
        .object(
            end,
            row -> {
              out.name("reason").nullable(LogEnd.read(row).map(LogEnd::reason));
              out.member("sequence", row.sequence());
            });
    out.name("escalations").nullable(counts.map(RowCounter.Counts::escalations), out::number);
    out.name("head")
        .object(
            lastRow(), last -> out.member("hash", last.hex()).member("sequence", last.sequence()));
    out.name("health").objects(health.entries(), entry -> entry.write(out));
    out.name("index").beginObject();
    indexed.writeSize(out, "indexed");
    indexed.writeRest(out, "indexed");
    out.endObject();
    out.name("keys").nullable(keys(), out::strings);
    out.name("operator")
        .object(
            check.operator(),
            operator -> {
              out.name("key").nullable(operator.operator().map(each -> each.key().vkey()));
              out.name("number").nullable(operator.newest().map(Admitted::number), out::number);
              out.name("origin").nullable(operator.operator().map(Operator::origin));
            });
    out.name("policy").nullable(check.policy().map(RulePolicy::digest));
    out.name("problems").strings(health.entries().stream().map(HealthEntry::reason).toList());
    out.name("refusals").nullable(counts.map(RowCounter.Counts::refusals), out::number);
    out.name("revoked_keys").strings(revokedKeys());
    out.member("row_signatures", signatures.label());
    out.name("rows").nullable(counts.map(RowCounter.Counts::rows), out::number);
    out.member("state", state());
    out.name("tally").object(tally, last -> last.write(out));
    out.name("tamper_notes")
        .objects(
            check.tamperNotes(),
            noted -> {
              out.name("answered_by").nullable(noted.answer().map(ChainRow::sequence), out::number);
              out.member("rows_lost", noted.isLoss());
              out.member("sequence", noted.sequence());
            });
    JournalCheck.write(out, check.waiting());
    out.name("witnesses")
        .object(
            witnessed,
            rows -> {
              rows.writeSize(out, "cosigned");
              out.name("last").objects(times.cosignatures(), last -> write(out, last));
              rows.writeRest(out, "cosigned");
            });
  }

  private static void write(CanonicalWriter out, LastCosignature last) {
    out.name("size").nullable(last.size());
    out.name("time").nullable(last.time().map(Timestamps::format));
    out.member("witness", last.witness());
  }

  private List<String> revokedKeys() {
    KeyStates states = new KeyStates(check.history());
    return keys().orElse(List.of()).stream().filter(states::isRevoked).toList();
  }
}
