// SPDX-License-Identifier: Apache-2.0
/** The embedded ledger: one SQLite file. */
@NullMarked
package dev.indelible.sqlite;

import org.jspecify.annotations.NullMarked;
