// SPDX-License-Identifier: Apache-2.0
/** The hash chain as a ledger stores it: rows, dead letters, checkpoints, and reading them. */
@NullMarked
package dev.indelible.ledger;

import org.jspecify.annotations.NullMarked;
