// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.util.UUID;

/**
 * How far a journal has been taken into the ledger. Committed in the transaction of the events
 * themselves, it is what makes recovery exact.
 *
 * @param journal which
 * @param position everything before this is settled
 */
public record JournalMark(UUID journal, long position) {}
