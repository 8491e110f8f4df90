// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.queue.Durability;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The contenders, in the order of the table. */
public final class Contenders {
  private Contenders() {}

  /** Returns all contenders. */
  public static List<Contender> all() {
    List<Contender> all = new ArrayList<>();
    for (Durability durability : Durability.values()) {
      for (RowSignatures signatures : RowSignatures.usable()) {
        all.add(new IndelibleContender(durability, signatures));
      }
    }
    all.add(new RowPerTransaction());
    all.add(new Log4jContender());
    all.add(new LogbackContender(true));
    all.add(new LogbackContender(false));
    all.add(new ChronicleContender());
    all.add(new OutboxContender(500));
    all.add(new OutboxContender(0));
    all.add(new KafkaContender(false));
    all.add(new KafkaContender(true));
    return all;
  }

  /** Returns the contender with this name. */
  public static Contender named(String name) {
    Contender treeless = new IndelibleContender(Durability.PROCESS, RowSignatures.OFF, false);
    return Stream.concat(all().stream(), Stream.of(treeless))
        .filter(contender -> contender.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no contender is called " + name));
  }
}
