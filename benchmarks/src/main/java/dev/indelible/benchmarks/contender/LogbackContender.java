// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.FileAppender;
import dev.indelible.event.DeferredAuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Logback's asynchronous appender in front of a file.
 *
 * @param discarding true if it may drop events of level INFO, which is its default
 */
public record LogbackContender(boolean discarding) implements Contender {
  private static final String FILE = "logback.log";

  /** How long a stop waits for the queue, in milliseconds; the default is 1,000. */
  private static final int PATIENCE_MILLIS = 600_000;

  @Override
  public String name() {
    return discarding
        ? "Logback AsyncAppender, defaults"
        : "Logback AsyncAppender, discardingThreshold 0";
  }

  @Override
  public String settings() {
    return (discarding
            ? "defaults: queueSize 256, neverBlock false, discardingThreshold 20 % (INFO is"
                + " dropped silently when less of the queue is free)"
            : "queueSize 256 and neverBlock false, the defaults (the caller waits when the queue is"
                + " full); discardingThreshold 0, nothing is dropped")
        + "; FileAppender with immediateFlush true; stored: written to the file, never synced";
  }

  @Override
  public Session open(Path directory) {
    LoggerContext context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%m%n");
    encoder.start();
    FileAppender<ILoggingEvent> file = new FileAppender<>();
    file.setContext(context);
    file.setFile(directory.resolve(FILE).toString());
    file.setEncoder(encoder);
    file.start();
    AsyncAppender async = new AsyncAppender();
    async.setContext(context);
    async.setMaxFlushTime(PATIENCE_MILLIS);
    if (!discarding) {
      async.setDiscardingThreshold(0);
    }
    async.addAppender(file);
    async.start();
    Logger logger = context.getLogger("audit");
    logger.setLevel(Level.INFO);
    logger.addAppender(async);
    return new Log(context, logger);
  }

  @Override
  public void forEachEvent(Path directory, Consumer<String> id) throws IOException {
    JsonLines.forEachId(directory.resolve(FILE), id);
  }

  private record Log(LoggerContext context, Logger logger) implements Session {
    @Override
    public boolean submit(DeferredAuditEvent event) {
      logger.info(JsonLines.line(event));
      return true;
    }

    @Override
    public void awaitArrival() {
      // Stopping is the only way to wait until the queue is written.
      context.stop();
    }

    @Override
    public void close() {
      context.stop();
    }
  }
}
