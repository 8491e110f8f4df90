// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.append.LedgerSink;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.SinkException;
import dev.indelible.pending.EventBatch;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * A sink that loses the answer to a batch which it has committed and counted.
 *
 * @param sink appends the batches
 * @param call returns the number of the current call, from 0
 * @param forgets returns true for a call whose answer is lost
 */
record ForgetfulSink(LedgerSink sink, LongSupplier call, LongPredicate forgets)
    implements DeferredAuditSink {

  @Override
  public List<AppendOutcome> append(EventBatch batch) throws SinkException {
    List<AppendOutcome> outcomes = sink.append(batch);
    if (forgets.test(call.getAsLong())) {
      throw new SinkException("the answer of the sink was lost");
    }
    return outcomes;
  }

  @Override
  public void finish() throws SinkException {
    sink.finish();
  }

  @Override
  public void close() {
    sink.close();
  }
}
