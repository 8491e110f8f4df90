// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code demo --fleet} with its real servers and kills. */
@Tag("any-jdk")
@Timeout(600)
class FleetDemoTest {
  @Test
  void fleetLosesNothing() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    FleetDemo.run(new PrintStream(out, true, StandardCharsets.UTF_8));

    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("180 answered, 180 recorded, 0 recorded twice")
        .contains("intact  fleet demo.example/fleet: 2 shards")
        .contains("broken  fleet demo.example/fleet: 2 shards");
  }
}
