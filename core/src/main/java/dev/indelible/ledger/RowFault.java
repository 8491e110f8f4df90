// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/**
 * What is wrong with a row.
 *
 * @param check which property does not hold, for example {@code signature}
 * @param proven whether it is certainly wrong; {@code false} when it cannot be told, for want of a
 *     key
 * @param message what, for a person
 */
public record RowFault(String check, boolean proven, String message) {}
