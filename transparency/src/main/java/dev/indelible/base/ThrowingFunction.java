// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import org.jspecify.annotations.Nullable;

/**
 * A function that may throw a checked exception.
 *
 * @param <A> the type of the argument
 * @param <T> the type of the result
 * @param <X> the exception
 */
@FunctionalInterface
public interface ThrowingFunction<A, T extends @Nullable Object, X extends Exception> {
  /** Returns the result for an argument. */
  T apply(A argument) throws X;
}
