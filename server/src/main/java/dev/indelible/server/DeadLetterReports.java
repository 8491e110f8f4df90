// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.crypto.KeyException;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Lists and replays dead letters. A replay appends with its own connection, as the replay command
 * does beside a running daemon. The drainer goes on meanwhile: each append reads the end of the
 * chain in its transaction.
 */
final class DeadLetterReports {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 1_000;

  /** A page ends after this many characters of payloads, even below its limit. */
  private static final long MAX_PAGE_CHARS = 4 << 20;

  private final AuditLog log;

  DeadLetterReports(AuditLog log) {
    this.log = log;
  }

  /** Dead letters of one page; more follow if {@code next} is present. */
  private record Page(List<DeadLetter> deadLetters, OptionalLong next) {
    private static final Page EMPTY = new Page(List.of(), OptionalLong.empty());
  }

  /**
   * Returns dead letters, oldest first: at most {@code limit}, with numbers above {@code after}.
   * {@code next} is the {@code after} of the next page; null if there is none.
   */
  Response list(Request request) throws JsonFormatException, LedgerException {
    long after = request.number("after", 0, Long.MAX_VALUE).orElse(0);
    long limit = request.number("limit", 1, MAX_LIMIT).orElse(DEFAULT_LIMIT);
    Page page = after == Long.MAX_VALUE ? Page.EMPTY : page(after + 1, limit);
    return Response.json(
        200,
        out -> {
          out.name("dead_letters").objects(page.deadLetters(), each -> each.write(out));
          out.name("next").nullable(page.next());
        });
  }

  private Page page(long from, long limit) throws LedgerException {
    List<DeadLetter> found = new ArrayList<>();
    long[] chars = new long[1];
    boolean[] more = new boolean[1];
    try (LedgerReader ledger = log.reader()) {
      ledger.forEachDeadLetter(
          from,
          each -> {
            if (found.size() >= limit || chars[0] >= MAX_PAGE_CHARS) {
              more[0] = true;
              return false;
            }
            chars[0] += each.payload().length();
            return found.add(each);
          });
    }
    return new Page(
        found,
        more[0] ? OptionalLong.of(found.get(found.size() - 1).number()) : OptionalLong.empty());
  }

  /** Returns one dead letter. */
  Response show(Request request) throws JsonFormatException, LedgerException {
    return Response.json(200, found(number(request))::write);
  }

  private DeadLetter found(long number) throws LedgerException {
    DeadLetter found = page(number, 1).deadLetters().stream().findFirst().orElse(null);
    if (found == null || found.number() != number) {
      throw EvidenceException.absent("%s: no dead letter has this number", number);
    }
    return found;
  }

  /**
   * Appends a dead letter's event to the chain; 409 if it is refused again. The answer has no
   * payload, because the caller may not read the log.
   */
  Response replay(Request request) throws JsonFormatException, LedgerException, KeyException {
    request.fields().requireNoOthers();
    long number = number(request);
    Optional<String> refusal = log.replay(number);
    if (refusal.isPresent()) {
      return Response.problem(
          409, "Conflict", "the dead letter stays: it is refused again: " + refusal.get());
    }
    DeadLetter replayed = found(number);
    return Response.json(
        200, out -> out.member("letter", number).member("replayed_as", replayed.replayedAs()));
  }

  private static long number(Request request) throws JsonFormatException {
    return request.number("number", 1, Long.MAX_VALUE).orElseThrow();
  }
}
