// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

/** The action may go ahead. */
public record Allow() implements Decision {
  @Override
  public String verdict() {
    return "allow";
  }
}
