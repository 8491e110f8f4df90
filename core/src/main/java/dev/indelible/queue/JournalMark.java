// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.util.UUID;

/**
 * The position up to which the ledger has a journal. Committed in the transaction of the events, so
 * recovery is exact.
 *
 * @param journal the journal
 * @param position the position before which everything is settled
 */
public record JournalMark(UUID journal, long position) {}
