// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;

/** Chronicle Queue: a memory-mapped file, written on the caller's thread. */
public final class ChronicleContender implements Contender {
  @Override
  public String name() {
    return "Chronicle Queue";
  }

  @Override
  public String settings() {
    return "defaults: binary wire, daily roll, no sync; one appender per thread; stored: in the"
        + " mapped file when submit returns";
  }

  @Override
  public Session open(Path directory) {
    ChronicleQueue queue = queue(directory);
    return new Appenders(queue, ThreadLocal.withInitial(queue::createAppender));
  }

  @Override
  public void forEachEvent(Path directory, Consumer<String> id) {
    Bytes<byte[]> bytes = Bytes.allocateElasticOnHeap();
    try (ChronicleQueue queue = queue(directory);
        ExcerptTailer tailer = queue.createTailer()) {
      while (tailer.readBytes(bytes)) {
        JsonLines.readId(new String(bytes.toByteArray(), StandardCharsets.UTF_8), id);
        bytes.clear();
      }
    }
  }

  private static ChronicleQueue queue(Path directory) {
    return ChronicleQueue.single(directory.toString());
  }

  private record Appenders(ChronicleQueue queue, ThreadLocal<ExcerptAppender> appender)
      implements Session {
    @Override
    public boolean submit(DeferredAuditEvent event) {
      appender.get().writeBytes(Bytes.wrapForRead(event.canonicalBytes()));
      return true;
    }

    @Override
    public void awaitArrival() {
      // Nothing to wait for: submit writes the event before it returns.
    }

    @Override
    public void close() {
      queue.close();
    }
  }
}
