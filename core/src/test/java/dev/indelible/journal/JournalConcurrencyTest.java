// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.Main;

/**
 * Runs {@link SegmentStress} with jcstress: several threads of this machine claim, publish and
 * consume frames with the real {@link Segment} and {@link Cursor} (promises D2, D3 and D5).
 */
class JournalConcurrencyTest {
  private static final Pattern RESULTS =
      Pattern.compile(
          "(\\d+) planned; (\\d+) passed, (\\d+) failed, (\\d+) soft errs, (\\d+) hard");

  @TempDir Path temp;

  /** Runs interpreted code and the code of each compiler, in all combinations. */
  @Test
  @Tag("full")
  void noForbiddenOutcomeInAnyJvmMode() throws Exception {
    stress("-m", "default", "-iters", "2", "-time", "1000");
  }

  private void stress(String... mode) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "-t",
                SegmentStress.class.getName(),
                "-hs",
                "256",
                "-strideCount",
                "40",
                "-strideSize",
                "256",
                "-r",
                temp.resolve("report").toString()));
    command.addAll(List.of(mode));
    Path out = temp.resolve("out");
    Process process =
        new ProcessBuilder(command)
            .directory(temp.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    int exit = process.waitFor();
    String said = Files.readString(out);
    Matcher results = RESULTS.matcher(said);
    assertThat(results.find()).as(said).isTrue();
    String last = results.results().reduce((a, b) -> b).map(found -> found.group()).orElseThrow();
    System.out.println(last);
    Matcher numbers = RESULTS.matcher(last);
    assertThat(numbers.find()).isTrue();
    assertThat(numbers.group(2)).as(said).isEqualTo(numbers.group(1));
    assertThat(Integer.parseInt(numbers.group(1))).as(said).isGreaterThanOrEqualTo(9);
    assertThat(exit).as(said).isZero();
  }
}
