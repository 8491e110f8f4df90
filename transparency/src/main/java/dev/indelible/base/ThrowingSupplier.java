// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import org.jspecify.annotations.Nullable;

/**
 * A supplier that may throw a checked exception.
 *
 * @param <T> the type of the result
 * @param <X> the exception
 */
@FunctionalInterface
public interface ThrowingSupplier<T extends @Nullable Object, X extends Exception> {
  /** Returns a result. */
  T get() throws X;
}
