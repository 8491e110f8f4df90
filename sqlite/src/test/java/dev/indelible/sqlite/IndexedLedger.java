// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.action.AgentAction;
import dev.indelible.encoding.Timestamps;
import dev.indelible.json.CanonicalJson;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.RowQuery;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** A ledger of random rows with its index, and a slow search that uses no code of the index. */
final class IndexedLedger {
  static final Instant START = Instant.parse("2026-11-01T00:00:00Z");

  private static final Duration UNLIMITED = Duration.ofMinutes(10);

  final Path ledger;
  final Path index;
  private final Random random;
  private long sequence;

  IndexedLedger(Path directory, long seed) {
    this.ledger = directory.resolve("indelible.db");
    this.index = directory.resolve("index.db");
    this.random = new Random(seed);
  }

  /**
   * Appends random rows. They are neither signed nor linked, because the index does not check that.
   */
  void append(int rows) throws Exception {
    try (SqliteWriter writer = SqliteWriter.open(ledger)) {
      writer.begin();
      for (int i = 0; i < rows; i++) {
        writer.insert(List.of(row(++sequence)));
      }
      writer.commit();
    }
  }

  private ChainRow row(long number) {
    String agent = "agent:" + Math.abs((int) (random.nextGaussian() * 4));
    // Times are not monotonic, as in a chain of processes with different clocks.
    String time =
        Timestamps.format(START.plus(Duration.ofSeconds(number * 20 + random.nextInt(200) - 100)));
    if (random.nextInt(200) == 0) {
      return row(number, agent, "audit.tally", time, Optional.of("{\"details\":{}}"));
    }
    String verdict = List.of("allow", "allow", "warn", "refuse", "escalate").get(random.nextInt(5));
    String type =
        verdict.equals("allow") || verdict.equals("warn")
            ? "governance.check"
            : "governance.refusal";
    Optional<String> payload =
        random.nextInt(50) == 0
            ? Optional.empty()
            : Optional.of(random.nextInt(100) == 0 ? "no JSON" : payload(verdict));
    return row(number, agent, type, time, payload);
  }

  private String payload(String verdict) {
    String kind = AgentAction.KINDS.get(random.nextInt(AgentAction.KINDS.size()));
    String rule =
        verdict.equals("allow")
            ? ""
            : ",\"reason\":\"because\",\"rule_id\":\"R%s%s\""
                .formatted(random.nextInt(5), random.nextInt(9) == 0 ? "\\\"x" : "");
    String session =
        random.nextBoolean() ? ",\"session\":\"s-%s\"".formatted(random.nextInt(20)) : "";
    return "{\"action\":{\"command\":\"run %s \\\"%s\\\"\",\"kind\":\"%s\"},"
            .formatted(random.nextInt(50), random.nextInt(50), kind)
        + "\"decision\":{\"decision\":\"%s\"%s},\"nonce\":\"run\"%s}"
            .formatted(verdict, rule, session);
  }

  private static ChainRow row(
      long number, String agent, String type, String time, Optional<String> payload) {
    return new ChainRow(
        number,
        new UUID(number, 7).toString(),
        agent,
        type,
        new byte[32],
        Optional.empty(),
        ChainRow.UNSIGNED,
        time,
        new byte[32],
        Optional.empty(),
        payload.map(text -> text.getBytes(StandardCharsets.UTF_8)));
  }

  SqliteLedger reader() throws Exception {
    return SqliteLedger.open(ledger);
  }

  /** Adds all rows to the index; returns how many it added. */
  long update() throws Exception {
    try (SqliteLedger reader = reader();
        IndexWriter writer = IndexWriter.open(index, reader, UNLIMITED).orElseThrow()) {
      long before = writer.reached();
      while (writer.append()) {
        // Each call adds the next rows.
      }
      return writer.reached() - before;
    }
  }

  Page find(EventQuery query) throws Exception {
    try (SqliteLedger reader = reader();
        SqliteIndex opened = SqliteIndex.open(index, reader).orElseThrow()) {
      return opened.find(query);
    }
  }

  EventQuery.Counts count(EventQuery.Counting counting) throws Exception {
    try (SqliteLedger reader = reader();
        SqliteIndex opened = SqliteIndex.open(index, reader).orElseThrow()) {
      return opened.count(counting.within(UNLIMITED));
    }
  }

  /** Returns the sequence numbers of the rows on all pages. */
  List<Long> findAll(EventQuery first) throws Exception {
    List<Long> found = new ArrayList<>();
    try (SqliteLedger reader = reader();
        SqliteIndex opened = SqliteIndex.open(index, reader).orElseThrow()) {
      Page page = opened.find(first);
      page.rows().forEach(row -> found.add(row.sequence()));
      while (page.next().isPresent()) {
        page = opened.find(first.after(page.next().get()));
        page.rows().forEach(row -> found.add(row.sequence()));
      }
    }
    return found;
  }

  /** Returns the rows that match a filter, found by reading every row. */
  List<ChainRow> scan(Filter filter) throws Exception {
    List<ChainRow> found = new ArrayList<>();
    try (SqliteLedger reader = reader()) {
      reader.forEachRow(
          RowQuery.all(),
          row -> {
            if (fits(filter, row)) {
              found.add(row);
            }
            return true;
          });
    }
    return found;
  }

  private static boolean fits(Filter filter, ChainRow row) {
    Instant time = Instant.parse(row.timestamp());
    return filter.agent().map(row.agentId()::equals).orElse(true)
        && filter.type().map(row.eventType()::equals).orElse(true)
        && filter.since().map(since -> !time.isBefore(since)).orElse(true)
        && filter.until().map(time::isBefore).orElse(true)
        && filter.verdict().map(verdict(row)::equals).orElse(true)
        && filter.rule().map(member(row, "decision", "rule_id")::equals).orElse(true)
        && filter.kind().map(member(row, "action", "kind")::equals).orElse(true)
        && filter.session().map(text(json(row).path("session"))::equals).orElse(true)
        && filter.text().map(part -> hasText(row, part)).orElse(true);
  }

  /**
   * Returns true if a row's command contains the text. For a payload that is not JSON, searches the
   * whole payload.
   */
  private static boolean hasText(ChainRow row, String part) {
    String whole = row.payload().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).orElse("");
    return whole.equals("no JSON")
        ? whole.contains(part)
        : member(row, "action", "command").contains(part);
  }

  static String verdict(ChainRow row) {
    return member(row, "decision", "decision");
  }

  static String member(ChainRow row, String object, String name) {
    return text(json(row).path(object).path(name));
  }

  private static String text(JsonNode node) {
    return node.asString("");
  }

  private static JsonNode json(ChainRow row) {
    try {
      return CanonicalJson.read(row.payload().orElse("{}".getBytes(StandardCharsets.UTF_8)));
    } catch (Exception e) {
      return tools.jackson.databind.node.JsonNodeFactory.instance.objectNode();
    }
  }

  /** Returns a random filter with values that occur in the rows. */
  Filter filter() {
    Filter filter = Filter.ALL;
    if (random.nextInt(3) == 0) {
      filter = filter.agent("agent:" + random.nextInt(12));
    }
    if (random.nextInt(4) == 0) {
      filter = filter.verdict(EventQuery.VERDICTS.get(random.nextInt(4)));
    }
    if (random.nextInt(4) == 0) {
      filter = filter.rule("R" + random.nextInt(6) + (random.nextInt(4) == 0 ? "\"x" : ""));
    }
    if (random.nextInt(4) == 0) {
      filter = filter.kind(AgentAction.KINDS.get(random.nextInt(AgentAction.KINDS.size())));
    }
    if (random.nextInt(4) == 0) {
      filter = filter.session("s-" + random.nextInt(22));
    }
    if (random.nextInt(6) == 0) {
      filter =
          filter.type(
              List.of("governance.check", "governance.refusal", "audit.tally")
                  .get(random.nextInt(3)));
    }
    if (random.nextInt(5) == 0) {
      filter = filter.text("run " + random.nextInt(50) + (random.nextBoolean() ? " \"" : ""));
    }
    if (random.nextInt(3) == 0) {
      Instant since = START.plus(Duration.ofSeconds(random.nextInt(60_000)));
      filter = filter.since(since);
      if (random.nextBoolean()) {
        filter = filter.until(since.plus(Duration.ofSeconds(1 + random.nextInt(20_000))));
      }
    }
    return filter;
  }

  int random(int bound) {
    return random.nextInt(bound);
  }
}
