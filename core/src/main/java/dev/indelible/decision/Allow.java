// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import java.util.Optional;

/** No rule objects. */
public record Allow() implements Decision {
  @Override
  public String verdict() {
    return "allow";
  }

  @Override
  public Optional<String> ruleId() {
    return Optional.empty();
  }

  @Override
  public Optional<String> reason() {
    return Optional.empty();
  }
}
