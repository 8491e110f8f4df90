// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts of single rows. {@link dev.indelible.proof.ProvenRow} makes the receipt of a row, {@link
 * dev.indelible.proof.Disclosure} is the content of that row, sent with it, and {@link
 * dev.indelible.proof.DisclosureVerifier} verifies both without the log.
 */
@NullMarked
package dev.indelible.proof;

import org.jspecify.annotations.NullMarked;
