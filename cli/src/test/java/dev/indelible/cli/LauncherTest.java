// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher at the root, with a stand-in for Java that prints how it was called. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  @TempDir Path home;

  @BeforeEach
  void aHomeWithAJarAndAStandIn() throws Exception {
    Files.copy(
        Path.of(System.getProperty("indelible.root"), "indelible"), home.resolve("indelible"));
    Files.createDirectories(home.resolve("cli/target"));
    Files.writeString(home.resolve("pom.xml"), "");
    Files.writeString(home.resolve("cli/target/indelible-cli.jar"), "");
    Path java = home.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(
        java, "#!/bin/sh\necho \"LC_ALL=${LC_ALL:-}\"\nfor arg; do echo \"$arg\"; done\nexit 3\n");
    executable(java);
    executable(home.resolve("indelible"));
  }

  @Test
  void argumentsArriveAsTheyWereGiven() throws Exception {
    assertThat(launch(Map.of(), "check", "{\"kind\": \"bash\"}", "", "*"))
        .containsSequence("check", "{\"kind\": \"bash\"}", "", "*");
  }

  /** Java reads its command line by the locale, and would lose all but ASCII in the plain one. */
  @ParameterizedTest
  @CsvSource({
    "'', '', LC_ALL=C.UTF-8",
    "LANG, C, LC_ALL=C.UTF-8",
    "LC_ALL, POSIX, LC_ALL=C.UTF-8",
    "LANG, de_DE.UTF-8, LC_ALL=",
    "LC_ALL, ja_JP.UTF-8, LC_ALL=ja_JP.UTF-8"
  })
  void thePlainLocaleIsReplacedAndAnyOtherIsKept(String name, String value, String seen)
      throws Exception {
    assertThat(launch(name.isEmpty() ? Map.of() : Map.of(name, value), "status")).contains(seen);
  }

  @Test
  void pipesAreNotTakenForTerminals() throws Exception {
    assertThat(launch(Map.of(), "status"))
        .contains("-Dindelible.stdout.terminal=false", "-Dindelible.stderr.terminal=false");
  }

  @Test
  void itWorksThroughALinkFromElsewhere() throws Exception {
    Path link = Files.createSymbolicLink(home.resolve("link"), home.resolve("indelible"));

    assertThat(launch(link, Map.of(), "status"))
        .contains(home.toRealPath().resolve("cli/target/indelible-cli.jar").toString());
  }

  /** A build makes the jar before the libraries beside it. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aBuildUnderWayIsWaitedForThoughItHasMadeItsJar() throws Exception {
    Path lib = home.resolve("cli/target/lib");
    Files.writeString(
        home.resolve("jdk/bin/java"), "#!/bin/sh\n[ -d '" + lib + "' ] && echo whole\nexit 3\n");
    Process build =
        new ProcessBuilder(
                "flock",
                home.resolve("pom.xml").toString(),
                "sh",
                "-c",
                "echo begun; sleep 1; mkdir '" + lib + "'")
            .start();
    assertThat(build.inputReader().readLine()).isEqualTo("begun");

    assertThat(launch(Map.of(), "status")).containsExactly("whole");
  }

  private List<String> launch(Map<String, String> environment, String... args) throws Exception {
    return launch(home.resolve("indelible"), environment, args);
  }

  private List<String> launch(Path launcher, Map<String, String> environment, String... args)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.equals("LANG") || name.startsWith("LC_"));
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isEqualTo(3);
    return out.lines().toList();
  }

  private static void executable(Path file) throws Exception {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }
}
