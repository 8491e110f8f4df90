// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SmokeTest {
  @Test
  void runs() {
    assertThat(Runtime.version().feature()).isGreaterThanOrEqualTo(17);
    System.out.println("JDK " + Runtime.version());
  }
}
