// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

/**
 * An operation on one argument that may throw a checked exception.
 *
 * @param <A> the type of the argument
 * @param <X> the exception
 */
@FunctionalInterface
public interface ThrowingConsumer<A, X extends Exception> {
  /** Runs the operation on an argument. */
  void accept(A argument) throws X;
}
