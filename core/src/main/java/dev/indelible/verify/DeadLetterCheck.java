// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ErasureNote;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that each dead letter has the payload that was written, and that the dead letters agree
 * with the chain. A letter whose replay a row states must be marked as replayed and stay until a
 * row states its purge or erasure. A letter that no row names is not signed, so this check does not
 * detect its removal or its replacement as a whole. Used by one thread.
 */
final class DeadLetterCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;
  private final RowCheck content;

  /** True if the chain has rows before the first checked. */
  private final boolean partial;

  /** The content of each replayed letter; empty if the row of its replay lacks it. */
  private final Map<Letter, Optional<Content>> replayed = new HashMap<>();

  /** When each letter was purged. */
  private final Map<Letter, String> purged = new HashMap<>();

  /** The events whose payloads were erased; an erasure also deletes the event's replayed letter. */
  private final Set<String> erased = new HashSet<>();

  /** The sequence of the last signed row. */
  private long last;

  /**
   * Creates a check.
   *
   * @param content checks rows that are appended while this check runs
   * @param partial true if the chain has rows before the first checked
   */
  DeadLetterCheck(Findings findings, LedgerReader ledger, RowCheck content, boolean partial) {
    this.findings = findings;
    this.ledger = ledger;
    this.content = content;
    this.partial = partial;
  }

  /**
   * Identity of a dead letter.
   *
   * @param number its number; after a purge, another letter may have it
   * @param event the id of its event
   */
  private record Letter(long number, String event) {}

  /** Content of a dead letter, which the row of its replay repeats. */
  private record Content(
      String agentId, String eventType, String failureReason, String payloadHash) {}

  /**
   * A dead letter in the table.
   *
   * @param isReplayed true if it is marked as replayed
   */
  private record Stored(Letter letter, boolean isReplayed, String failedAt, Content content) {}

  @Override
  public void row(CheckedRow row) {
    if (row.isSigned()) {
      last = row.sequence();
    }
    boolean isNote =
        row.is(SystemEvent.DEAD_LETTER_REPLAYED)
            || row.is(SystemEvent.DEAD_LETTER_PURGED)
            || row.is(SystemEvent.PAYLOAD_ERASED);
    if (isNote && row.isSound()) {
      note(row.row());
    }
  }

  private void note(ChainRow row) {
    letter(row, SystemEvent.DEAD_LETTER_REPLAYED)
        .ifPresent(letter -> replayed.put(letter, content(row)));
    letter(row, SystemEvent.DEAD_LETTER_PURGED)
        .ifPresent(letter -> purged.put(letter, row.timestamp()));
    ErasureNote.read(row).ifPresent(note -> erased.add(note.eventId()));
  }

  private static Optional<Content> content(ChainRow row) {
    return row.said(
        SystemEvent.DEAD_LETTER_REPLAYED,
        details ->
            new Content(
                details.string("agent_id"),
                details.string("event_type"),
                details.string("failure_reason"),
                details.string("payload_hash")));
  }

  private static Optional<Letter> letter(ChainRow row, String type) {
    return row.said(
        type,
        details ->
            new Letter(details.optionalLong("letter").orElse(0), details.string("event_id")));
  }

  @Override
  public void end() throws LedgerException {
    List<Stored> stored = new ArrayList<>();
    ledger.forEachDeadLetter(
        letter -> {
          try {
            letter.event();
          } catch (LedgerException e) {
            findings.broken(Finding.DEAD_LETTERS, e.getMessage());
          }
          stored.add(
              new Stored(
                  new Letter(letter.letter(), letter.id()),
                  letter.replayedAs().isPresent(),
                  letter.failedAt(),
                  new Content(
                      letter.agentId(),
                      letter.eventType(),
                      letter.failureReason(),
                      HexFormat.of().formatHex(letter.payloadHash()))));
          return true;
        });
    compare(stored);
    findings.holds(Finding.DEAD_LETTERS, ledger.dlqSize() + " waiting to be replayed");
  }

  /** Compares the letters with the rows already checked and those appended since then. */
  private void compare(List<Stored> stored) throws LedgerException {
    Set<Letter> replayedBefore = Set.copyOf(replayed.keySet());
    Map<Letter, String> purgedBefore = Map.copyOf(purged);
    readLater(SystemEvent.DEAD_LETTER_REPLAYED);
    readLater(SystemEvent.DEAD_LETTER_PURGED);
    readLater(SystemEvent.PAYLOAD_ERASED);
    Set<Letter> gone = new HashSet<>(replayedBefore);
    for (Stored one : stored) {
      gone.remove(one.letter());
      String purgedAt = purgedBefore.get(one.letter());
      if (one.isReplayed() && !partial && !replayed.containsKey(one.letter())) {
        broken(one.letter(), "is marked as replayed, and no event in the chain states that");
      } else if (!one.isReplayed() && replayedBefore.contains(one.letter())) {
        broken(one.letter(), "was replayed on record, and waits to be replayed");
      } else if (purgedAt != null && one.failedAt().compareTo(purgedAt) <= 0) {
        broken(one.letter(), "was purged on record, and is there again");
      }
      Optional<Content> recorded = replayed.getOrDefault(one.letter(), Optional.empty());
      if (recorded.isPresent() && !recorded.get().equals(one.content())) {
        broken(
            one.letter(), "is not the letter that was replayed on record: its content was changed");
      }
    }
    gone.removeAll(purged.keySet());
    gone.removeIf(letter -> erased.contains(letter.event()));
    for (Letter letter : gone) {
      broken(letter, "was replayed on record, and is gone without a purge or an erasure on record");
    }
  }

  private void readLater(String type) throws LedgerException {
    if (last < Long.MAX_VALUE) {
      ledger.forEachRow(
          new RowQuery(last + 1, Optional.empty(), Optional.of(type)),
          row -> {
            if (content.content(row).isEmpty()) {
              note(row);
            }
            return true;
          });
    }
  }

  private void broken(Letter letter, String message) {
    findings.broken(
        Finding.DEAD_LETTERS,
        "dead letter %s of event %s: it %s".formatted(letter.number(), letter.event(), message));
  }
}
