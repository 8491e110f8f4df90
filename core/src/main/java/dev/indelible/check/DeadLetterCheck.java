// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding;
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
 * with the chain. If a row records the replay of a dead letter, the dead letter must be marked as
 * replayed, and must stay in its table until a row records its purge or erasure. A dead letter that
 * no row names is not signed, so this check does not detect its removal or complete replacement.
 * Used by one thread.
 */
final class DeadLetterCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;
  private final RowCheck content;

  /** True if the chain has rows before the first row checked. */
  private final boolean partial;

  /** The content of each replayed dead letter; empty if the row of its replay lacks it. */
  private final Map<Identity, Optional<Content>> replayed = new HashMap<>();

  /** The time at which each dead letter was purged. */
  private final Map<Identity, String> purged = new HashMap<>();

  /** The events whose payloads were erased; an erasure also deletes their replayed dead letters. */
  private final Set<String> erased = new HashSet<>();

  /** The sequence of the last signed row. */
  private long last;

  /**
   * Creates a check.
   *
   * @param content checks rows that are appended while this check runs
   * @param partial true if the chain has rows before the first row checked
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
   * @param number its number; after a purge, another dead letter may have it
   * @param event the id of its event
   */
  private record Identity(long number, String event) {}

  /** Content of a dead letter, which the row of its replay repeats. */
  private record Content(
      String agentId, String eventType, String failureReason, String payloadHash) {}

  /**
   * A dead letter in the table.
   *
   * @param isReplayed true if it is marked as replayed
   */
  private record Stored(Identity identity, boolean isReplayed, String failedAt, Content content) {}

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
    row.details(
            SystemEvent.DEAD_LETTER_REPLAYED,
            details -> Map.entry(identity(details), content(details)))
        .ifPresent(noted -> replayed.put(noted.getKey(), noted.getValue()));
    row.details(SystemEvent.DEAD_LETTER_PURGED, DeadLetterCheck::identity)
        .ifPresent(deadLetter -> purged.put(deadLetter, row.timestamp()));
    ErasureNote.read(row).ifPresent(note -> erased.add(note.eventId()));
  }

  private static Identity identity(JsonFields details) throws JsonFormatException {
    return new Identity(details.optionalLong("letter").orElse(0), details.string("event_id"));
  }

  /** Returns the content; empty for a replay by an earlier version, which did not record it. */
  private static Optional<Content> content(JsonFields details) {
    try {
      return Optional.of(
          new Content(
              details.string("agent_id"),
              details.string("event_type"),
              details.string("failure_reason"),
              details.string("payload_hash")));
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  @Override
  public void end() throws LedgerException {
    List<Stored> stored = new ArrayList<>();
    ledger.forEachDeadLetter(
        deadLetter -> {
          try {
            deadLetter.requireUnchanged();
          } catch (LedgerException e) {
            findings.broken(Finding.DEAD_LETTERS, e.getMessage());
          }
          stored.add(
              new Stored(
                  new Identity(deadLetter.number(), deadLetter.id()),
                  deadLetter.replayedAs().isPresent(),
                  deadLetter.failedAt(),
                  new Content(
                      deadLetter.agentId(),
                      deadLetter.eventType(),
                      deadLetter.failureReason(),
                      HexFormat.of().formatHex(deadLetter.payloadHash()))));
          return true;
        });
    compare(stored);
    findings.holds(Finding.DEAD_LETTERS, ledger.dlqSize() + " waiting to be replayed");
  }

  /** Compares the dead letters with the rows already checked and those appended since then. */
  private void compare(List<Stored> stored) throws LedgerException {
    Set<Identity> replayedBefore = Set.copyOf(replayed.keySet());
    Map<Identity, String> purgedBefore = Map.copyOf(purged);
    readLater(SystemEvent.DEAD_LETTER_REPLAYED);
    readLater(SystemEvent.DEAD_LETTER_PURGED);
    readLater(SystemEvent.PAYLOAD_ERASED);
    Set<Identity> gone = new HashSet<>(replayedBefore);
    for (Stored one : stored) {
      gone.remove(one.identity());
      String purgedAt = purgedBefore.get(one.identity());
      if (one.isReplayed() && !partial && !replayed.containsKey(one.identity())) {
        broken(one.identity(), "is marked as replayed, but no event in the chain records that");
      } else if (!one.isReplayed() && replayedBefore.contains(one.identity())) {
        broken(one.identity(), "is recorded as replayed, but waits to be replayed");
      } else if (purgedAt != null && one.failedAt().compareTo(purgedAt) <= 0) {
        broken(one.identity(), "is recorded as purged, but is there again");
      }
      Optional<Content> recorded = replayed.getOrDefault(one.identity(), Optional.empty());
      if (recorded.isPresent() && !recorded.get().equals(one.content())) {
        broken(
            one.identity(),
            "is not the dead letter that is recorded as replayed: its content was changed");
      }
    }
    gone.removeAll(purged.keySet());
    gone.removeIf(deadLetter -> erased.contains(deadLetter.event()));
    for (Identity each : gone) {
      broken(each, "is recorded as replayed, but is missing, and no purge or erasure is recorded");
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

  private void broken(Identity deadLetter, String message) {
    findings.broken(
        Finding.DEAD_LETTERS,
        "dead letter %s of event %s: it %s"
            .formatted(deadLetter.number(), deadLetter.event(), message));
  }
}
