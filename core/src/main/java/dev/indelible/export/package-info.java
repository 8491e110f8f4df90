// SPDX-License-Identifier: Apache-2.0
/**
 * What leaves the house: evidence that is taken out of a ledger, and checked without it.
 *
 * <p>{@link dev.indelible.export.LedgerExport} writes the whole log as static files, {@link
 * dev.indelible.export.ProvenRow} makes the receipt of one row, and {@link
 * dev.indelible.export.Disclosure} is what goes along with that.
 *
 * <p>Nothing leaves that the last signed checkpoint does not cover: rows behind it wait for the
 * next, and what does not agree with it is refused.
 */
@NullMarked
package dev.indelible.export;

import org.jspecify.annotations.NullMarked;
