// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

/**
 * A fault of a row.
 *
 * @param check the check that found the fault, for example {@code signature}
 * @param proven true if the fault is proven; {@code false} if it is unknown because a key is
 *     missing
 * @param message the fault, in words
 */
public record RowFault(String check, boolean proven, String message) {}
