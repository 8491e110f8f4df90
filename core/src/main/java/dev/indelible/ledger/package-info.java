// SPDX-License-Identifier: Apache-2.0
/** The hash chain: rows, their bytes, their links. */
@NullMarked
package dev.indelible.ledger;

import org.jspecify.annotations.NullMarked;
