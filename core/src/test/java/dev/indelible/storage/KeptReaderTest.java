// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Readers that stay open between two uses. */
class KeptReaderTest {
  private final List<LedgerReader> opened = new ArrayList<>();
  private final List<LedgerReader> closed = new ArrayList<>();
  private long nanos;
  private final KeptReader<LedgerReader> kept =
      new KeptReader<>(() -> Optional.of(open()), () -> nanos);

  private LedgerReader open() {
    LedgerReader[] reader = new LedgerReader[1];
    reader[0] =
        (LedgerReader)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {LedgerReader.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("close")) {
                    closed.add(reader[0]);
                  }
                  return method.getReturnType() == boolean.class ? proxy == arguments[0] : null;
                });
    opened.add(reader[0]);
    return reader[0];
  }

  private void use() throws LedgerException {
    assertThat(this.<RuntimeException>used(ledger -> true)).contains(true);
  }

  private <X extends Exception> Optional<Boolean> used(KeptReader.Use<LedgerReader, Boolean, X> use)
      throws X, LedgerException {
    return kept.use(use);
  }

  @Test
  void readerIsKept() throws Exception {
    use();
    nanos = KeptReader.MAX_AGE.toNanos() - 1;
    use();
    assertThat(opened).hasSize(1);
    assertThat(closed).isEmpty();
    kept.close();
    assertThat(closed).hasSize(1);
    use();
    assertThat(opened).hasSize(2);
  }

  @Test
  void oldReaderIsReplaced() throws Exception {
    use();
    nanos = KeptReader.MAX_AGE.toNanos();
    use();
    assertThat(opened).hasSize(2);
    assertThat(closed).hasSize(1);
  }

  @Test
  void failedUseIsRepeatedOnceWithANewReader() throws Exception {
    use();
    List<LedgerReader> used = new ArrayList<>();
    assertThat(
            this.<RuntimeException>used(
                ledger -> {
                  used.add(ledger);
                  if (used.size() == 1) {
                    throw new LedgerException("the server was restarted");
                  }
                  return true;
                }))
        .contains(true);
    assertThat(used).hasSize(2);
    assertThat(used.get(0)).isNotSameAs(used.get(1));
    assertThat(closed).hasSize(1);

    assertThatThrownBy(
            () ->
                this.<RuntimeException>used(
                    ledger -> {
                      throw new LedgerException("the server is gone");
                    }))
        .isInstanceOf(LedgerException.class);
    assertThat(opened).hasSize(3);
    assertThat(closed).hasSize(3);
  }

  @Test
  void readerOfAnErrorIsClosed() throws Exception {
    use();
    assertThatThrownBy(
            () ->
                this.<IllegalStateException>used(
                    ledger -> {
                      throw new IllegalStateException("damaged");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(opened).hasSize(1);
    assertThat(closed).hasSize(1);
  }
}
