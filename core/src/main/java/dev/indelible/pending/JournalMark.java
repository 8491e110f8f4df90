// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import java.util.UUID;

/**
 * The position up to which the ledger has the events of a journal. Committed in one transaction
 * with the events, so recovery is exact.
 *
 * @param journal the journal
 * @param position the position before which everything is settled
 */
public record JournalMark(UUID journal, long position) {}
