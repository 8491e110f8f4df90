// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

/**
 * A policy that cannot be used as it stands.
 *
 * <p>The message names the source, the line and column where there is one, what is wrong and what
 * to do about it.
 */
public final class PolicyException extends Exception {
  PolicyException(String message) {
    super(message);
  }
}
