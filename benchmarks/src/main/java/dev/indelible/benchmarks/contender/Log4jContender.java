// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/** Log4j2's asynchronous appender in front of a file. */
public final class Log4jContender implements Contender {
  private static final String FILE = "log4j.log";

  @Override
  public String name() {
    return "Log4j2 AsyncAppender";
  }

  @Override
  public String settings() {
    return "defaults: bufferSize 1024, blocking true (the caller waits when the buffer is full);"
        + " FileAppender with bufferedIo and immediateFlush true; stored: written to the file,"
        + " never synced";
  }

  @Override
  public Session open(Path directory) {
    ConfigurationBuilder<BuiltConfiguration> builder =
        ConfigurationBuilderFactory.newConfigurationBuilder();
    builder.setStatusLevel(Level.ERROR);
    builder.add(
        builder
            .newAppender("file", "File")
            .addAttribute("fileName", directory.resolve(FILE).toString())
            .add(builder.newLayout("PatternLayout").addAttribute("pattern", "%m%n")));
    builder.add(builder.newAppender("async", "Async").addComponent(builder.newAppenderRef("file")));
    builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef("async")));
    LoggerContext context = Configurator.initialize(builder.build());
    return new Log(context, context.getLogger("audit"));
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
      // Stopping is the only way to wait until the buffer is written.
      context.stop();
    }

    @Override
    public void close() {
      context.stop();
    }
  }
}
