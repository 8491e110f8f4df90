// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import java.util.UUID;

class MemoryLedgerTest extends LedgerWriterContract {
  private final MemoryLedger ledger = MemoryLedger.refusing(REFUSED_AGENT);

  @Override
  protected LedgerFactory create() {
    return ledger;
  }

  @Override
  protected long position(UUID journal) {
    return ledger.position(journal);
  }
}
