// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.ChildJvm;
import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Flood;
import dev.indelible.benchmarks.child.RawInsert;
import dev.indelible.benchmarks.child.Stride;
import dev.indelible.benchmarks.child.Survivors;
import dev.indelible.benchmarks.child.Victim;
import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Compares all contenders on identical events: throughput, latency for the caller, and safety. */
final class SideBySide implements Section {
  private static final String NONE = "";
  private static final Duration SHORTEST_LIFE = Duration.ofMillis(300);
  private static final int LONGER_LIFE_MILLIS = 1_200;

  private final List<Contender> contenders;

  SideBySide(List<Contender> contenders) {
    this.contenders = contenders;
  }

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    long before = limit(bench);
    List<Result> results = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    for (Contender contender : contenders) {
      bench.report("side by side: " + contender.name());
      try {
        results.add(result(bench, contender));
      } catch (IllegalStateException e) {
        bench.report(e.getMessage());
        failed.add(contender.name());
      }
    }
    long limit = (before + limit(bench)) / 2;
    write(bench.sizes(), page, results, limit);
    if (!failed.isEmpty()) {
      throw new IllegalStateException("without a result: " + failed);
    }
  }

  private static Result result(Workbench bench, Contender contender) throws Exception {
    return new Result(
        contender, flood(bench, contender), stride(bench, contender), kill(bench, contender));
  }

  private static long limit(Workbench bench) throws Exception {
    bench.report("side by side: the limit");
    Sizes sizes = bench.sizes();
    Facts raw =
        bench.run(
            RawInsert.class,
            directory ->
                RawInsert.orders(
                    directory,
                    RowSignatures.CORRETTO,
                    RawInsert.Beside.NOTHING,
                    sizes.producers(),
                    Sizes.warmUp(sizes.flood()),
                    sizes.flood()));
    return Units.perSecond(raw.number("accepted"), raw.number("nanos"));
  }

  private static Facts flood(Workbench bench, Contender contender) throws Exception {
    Sizes sizes = bench.sizes();
    long events = sizes.flood() / contender.share();
    return bench.run(
        contender,
        Flood.class,
        directory ->
            Flood.orders(
                contender,
                directory,
                sizes.producers(),
                Sizes.warmUp(events),
                events,
                sizes.floodLimit()));
  }

  private static Facts stride(Workbench bench, Contender contender) throws Exception {
    Sizes sizes = bench.sizes();
    return bench.run(
        contender,
        Stride.class,
        directory ->
            Stride.orders(
                contender,
                Files.createDirectories(directory),
                sizes.producers(),
                sizes.strideRate(),
                sizes.strideWarmUp(),
                sizes.stride()));
  }

  private static Deaths kill(Workbench bench, Contender contender) throws Exception {
    Random random = new Random(1);
    Deaths deaths = new Deaths(0, 0, 0, 0);
    for (int kill = 0; kill < bench.sizes().kills(); kill++) {
      Duration life = SHORTEST_LIFE.plusMillis(random.nextInt(LONGER_LIFE_MILLIS));
      deaths = deaths.and(killAfter(bench, contender, life));
    }
    return deaths;
  }

  private static Deaths killAfter(Workbench bench, Contender contender, Duration life)
      throws Exception {
    Sizes sizes = bench.sizes();
    try (Scratch scratch = Scratch.in(bench.work())) {
      Path directory = Files.createDirectory(scratch.path().resolve("data"));
      Path notes = scratch.path().resolve("notes");
      ChildJvm victim =
          ChildJvm.start(
              scratch.path(),
              ChildJvm.HEAP,
              contender.withoutJar(),
              Victim.class,
              Victim.orders(contender, directory, notes, sizes.producers(), sizes.killRate()));
      victim.await(Victim.READY);
      LockSupport.parkNanos(life.toNanos());
      victim.kill();
      Facts counted =
          ChildJvm.run(
              scratch.path(),
              ChildJvm.HEAP,
              contender.withoutJar(),
              Survivors.class,
              Survivors.orders(contender, directory, notes));
      return new Deaths(
          counted.number("accepted"),
          counted.number("found"),
          counted.number("lost"),
          counted.number("duplicated"));
    }
  }

  private static void write(Sizes sizes, Page page, List<Result> results, long limit) {
    MarkdownTable table =
        new MarkdownTable(
            "contender",
            "events/s",
            "of the limit",
            "missing",
            "submit p50",
            "p99",
            "p99.9",
            "max",
            "killed: accepted",
            "found",
            "lost",
            "twice");
    MarkdownTable full = new MarkdownTable("contender", "submit p50", "p99", "p99.9", "max");
    Map<String, List<String>> settings = new LinkedHashMap<>();
    for (Result result : results) {
      String name = result.contender().name();
      long rate = Units.perSecond(result.flood().number("found"), result.flood().number("nanos"));
      Deaths deaths = result.deaths();
      table.row(
          name,
          Units.count(rate),
          Units.ratio((double) rate / limit),
          Units.count(result.flood().number("accepted") - result.flood().number("found")),
          result.stride().latencies("call"),
          Units.count(deaths.accepted()),
          Units.count(deaths.found()),
          Units.count(deaths.lost()),
          Units.count(deaths.duplicated()));
      full.row(name, result.flood().latencies("call"));
      settings.computeIfAbsent(result.contender().settings(), any -> new ArrayList<>()).add(name);
    }
    table.row(
        "the limit: these rows inserted in bulk",
        Units.count(limit),
        Units.ratio(1),
        NONE,
        NONE,
        NONE,
        NONE,
        NONE,
        NONE,
        NONE,
        NONE,
        NONE);
    page.section("Side by side").table(table).text(explanation(sizes)).text(list(settings));
    page.text("Latency of submit while the producers submit as fast as events are accepted:")
        .table(full);
  }

  private static String list(Map<String, List<String>> settings) {
    StringBuilder list = new StringBuilder("Settings:\n\n");
    settings.forEach(
        (text, names) -> list.append("- **%s**: %s.\n".formatted(String.join("; ", names), text)));
    return list.toString();
  }

  private static String explanation(Sizes sizes) {
    return """
        `events/s`: %,d producers submit %,d events as fast as they are accepted (a tenth or a \
        twentieth of that for slow contenders, and for at most %d s). The figure is the number of \
        events found afterwards, divided by the time from the first call until the last event was \
        stored. `of the limit`: compared with precomputed signed rows inserted in bulk into \
        Indelible's tables and indexes, %,d per transaction, synchronous=FULL; the mean of a run \
        before and a run after the contenders. `missing`: events that were accepted but never \
        stored, although nothing was killed. `submit`: the duration of the call alone, without \
        creating the event, at %,d events/s in total. `killed`: SIGKILL at a random moment (kills: \
        %d) at %,d events/s. `accepted` is the number that the process had noted when it died; \
        `found` is the number that the contender finds after a restart, up to one more per \
        producer than it could note. Every contender stores the canonical JSON of the event, about \
        400 bytes."""
        .formatted(
            sizes.producers(),
            sizes.flood(),
            sizes.floodLimit().toSeconds(),
            RawInsert.BATCH,
            sizes.strideRate(),
            sizes.kills(),
            sizes.killRate());
  }

  private record Result(Contender contender, Facts flood, Facts stride, Deaths deaths) {}

  private record Deaths(long accepted, long found, long lost, long duplicated) {
    Deaths and(Deaths other) {
      return new Deaths(
          accepted + other.accepted,
          found + other.found,
          lost + other.lost,
          duplicated + other.duplicated);
    }
  }
}
