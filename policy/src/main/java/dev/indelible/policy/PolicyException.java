// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

/**
 * Thrown for a policy that cannot be used.
 *
 * <p>The message names the source, the line and column if known, the fault and the remedy.
 */
public final class PolicyException extends Exception {
  /** Creates an exception with the fault and its remedy, in words. */
  public PolicyException(String message) {
    super(message);
  }
}
