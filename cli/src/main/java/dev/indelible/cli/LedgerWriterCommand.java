// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.ExistingLog;
import dev.indelible.kafka.FeedStatus;
import dev.indelible.kafka.KafkaQueue;
import dev.indelible.kafka.LedgerFeed;
import dev.indelible.kafka.QueueException;
import dev.indelible.storage.LedgerEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "ledger-writer",
    description = "Record what gates send through a queue, until interrupted.",
    footer = {
      "",
      "The data directory is that of the log. Only events of gates that 'indelible",
      "gates add' enrolled are recorded. Start a second ledger writer on another",
      "machine as a standby: one of them records, the other takes over."
    })
final class LedgerWriterCommand extends Verb {
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

  @Option(
      names = "--queue",
      paramLabel = "URL",
      required = true,
      description = "the queue, as kafka://HOST:PORT[,HOST:PORT]/TOPIC")
  String queue = "";

  @Option(
      names = "--client",
      paramLabel = "FILE",
      description = "a properties file of Kafka's client, for example with TLS and SASL")
  @Nullable Path client;

  @Option(
      names = "--partition",
      paramLabel = "N",
      description = "record this partition; may be repeated (default: all)")
  Set<Integer> partitions = new TreeSet<>();

  @Option(
      names = "--origin",
      paramLabel = "NAME",
      description = "the log's name in its checkpoints, if it has none yet")
  @Nullable String origin;

  @Override
  public Integer call() throws Exception {
    KafkaQueue from = queue();
    FastSignatures.loadInBackground();
    DataDirectory data = data();
    // The ledger writer needs no rules of its own.
    ExistingLog log = data.prepareToRecord(Optional.empty(), true);
    SigningKey key = data.keys().openOrCreate();
    KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
    LedgerEngine engine = data.engine();
    engine.prepare();
    CountDownLatch interrupted = new CountDownLatch(1);
    Signals.handle("TERM", interrupted::countDown);
    Signals.handle("INT", interrupted::countDown);
    AppendSettings settings =
        new AppendSettings(
            RowSigning.everyRow(key),
            accepted,
            data.keys()::accepted,
            Checkpoints.Settings.of(key).withOrigin(origin).withFile(data.checkpointFile()),
            Tallies.DEFAULT_INTERVAL,
            log.hasRows());
    LedgerFeed feed =
        LedgerFeed.start(
            from,
            partitions,
            engine.drainer(engine.identify().orElse(null)),
            settings,
            LedgerFeed.DEFAULT_LEASE);
    try {
      follow(feed, from, interrupted);
    } finally {
      feed.close();
    }
    FeedStatus end = feed.status();
    print(
        out ->
            out.member("events", end.events())
                .member("gaps", end.gaps())
                .member("groups", end.groups())
                .member("refused", end.refusals()),
        "recorded %s events in %s groups; %s refused, %s gaps",
        end.events(),
        end.groups(),
        end.refusals(),
        end.gaps());
    return ExitCode.OK;
  }

  private KafkaQueue queue() throws CommandFailure {
    try {
      KafkaQueue named = KafkaQueue.at(queue);
      return client == null ? named : named.withClientProperties(client);
    } catch (QueueException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  /** Reports each change of the state, until a signal. */
  private void follow(LedgerFeed feed, KafkaQueue from, CountDownLatch interrupted)
      throws InterruptedException {
    String shown = "";
    while (!interrupted.await(LOOK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
      FeedStatus status = feed.status();
      String text =
          switch (status.state()) {
            case READING -> "records from " + from.name();
            case STANDBY -> "stands by: another ledger writer records from " + from.name();
            case FAILED -> "cannot record for now, and tries again: " + status.reason();
            case STARTING, CLOSED -> shown;
          };
      if (!text.equals(shown)) {
        warn(text);
        shown = text;
      }
    }
  }
}
