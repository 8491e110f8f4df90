// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.queue.Durability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Child JVMs run, send their answers, and can be killed. */
class ChildJvmTest {
  private static final String HEAP = "256m";
  private static final String PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  @TempDir Path temp;

  @Test
  void survivorsAreComparedWithAcceptedEvents() throws Exception {
    Contender contender = new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO);
    Path directory = Files.createDirectory(temp.resolve("data"));
    Path notes = temp.resolve("notes");
    ChildJvm victim =
        ChildJvm.start(
            temp,
            HEAP,
            Optional.empty(),
            Victim.class,
            Victim.orders(contender, directory, notes, 2, 5_000));
    victim.await(Victim.READY);
    victim.kill();

    Facts counted = new Survivors().run(Survivors.orders(contender, directory, notes));
    assertThat(counted.number("accepted")).isGreaterThanOrEqualTo(100);
    assertThat(counted.number("found")).isGreaterThanOrEqualTo(counted.number("accepted"));
    assertThat(counted.number("lost")).isZero();
    assertThat(counted.number("duplicated")).isZero();
  }

  @Test
  void contenderRunsWithoutTheExcludedJar() throws Exception {
    Facts with = probe(RowSignatures.CORRETTO);
    Facts without = probe(RowSignatures.BOUNCY_CASTLE);

    assertThat(with.text("corretto")).isEqualTo("true");
    assertThat(without.text("corretto")).isEqualTo("false");
  }

  @Test
  void failedChildReportsTheReason() {
    assertThatThrownBy(() -> ChildJvm.run(temp, HEAP, Optional.empty(), Failing.class, new Facts()))
        .hasMessageContaining("because it is meant to");
  }

  private Facts probe(RowSignatures signatures) throws Exception {
    Contender contender = new IndelibleContender(Durability.PROCESS, signatures);
    return ChildJvm.run(temp, HEAP, contender.withoutJar(), Probe.class, new Facts());
  }

  /** Reports whether Corretto's provider is on the class path. */
  public static final class Probe implements Task {
    @Override
    public Facts run(Facts orders) {
      boolean found = true;
      try {
        Class.forName(PROVIDER);
      } catch (ClassNotFoundException e) {
        found = false;
      }
      return new Facts().with("corretto", found);
    }
  }

  /** Fails. */
  public static final class Failing implements Task {
    @Override
    public Facts run(Facts orders) {
      throw new IllegalStateException("because it is meant to");
    }
  }
}
