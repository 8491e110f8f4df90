// SPDX-License-Identifier: Apache-2.0
/** The thread that moves waiting events into the ledger, and its supervisor. */
@NullMarked
package dev.indelible.drain;

import org.jspecify.annotations.NullMarked;
