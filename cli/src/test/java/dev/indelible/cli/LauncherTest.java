// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher, with a stand-in for Java that prints how it was called. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  @TempDir Path home;

  @BeforeEach
  void homeWithJarAndStandIn() throws Exception {
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
  void argumentsArriveUnchanged() throws Exception {
    assertThat(launch(Map.of(), "check", "{\"kind\": \"bash\"}", "", "*"))
        .containsSequence("check", "{\"kind\": \"bash\"}", "", "*");
  }

  /**
   * In the plain locale Java decodes only the ASCII characters of its command line. A stand-in for
   * {@code locale} states the character set, as the system does of a locale that is installed or
   * not.
   */
  @ParameterizedTest
  @CsvSource({
    "'', '', , LC_ALL=C.UTF-8",
    "LANG, C, , LC_ALL=C.UTF-8",
    "LC_ALL, POSIX, , LC_ALL=C.UTF-8",
    "LC_ALL, C.UTF-8, , LC_ALL=C.UTF-8",
    "LANG, de_DE.UTF-8, UTF-8, LC_ALL=",
    "LC_ALL, ja_JP.UTF-8, UTF-8, LC_ALL=ja_JP.UTF-8",
    "LANG, de_DE.UTF-8, ANSI_X3.4-1968, LC_ALL=C.UTF-8",
    "LC_ALL, ja_JP.UTF-8, ANSI_X3.4-1968, LC_ALL=C.UTF-8"
  })
  void plainOrMissingLocaleIsReplaced(String name, String value, String charset, String seen)
      throws Exception {
    Path locale = Files.createDirectories(home.resolve("bin")).resolve("locale");
    Files.writeString(locale, "#!/bin/sh\necho " + (charset == null ? "unasked" : charset) + "\n");
    executable(locale);
    Map<String, String> environment =
        new HashMap<>(Map.of("PATH", locale.getParent() + ":" + System.getenv("PATH")));
    if (!name.isEmpty()) {
      environment.put(name, value);
    }

    assertThat(launch(environment, "status")).contains(seen);
  }

  /** With UsePerfData, an idle daemon writes to a file in /tmp all the time. */
  @ParameterizedTest
  @ValueSource(strings = {"serve", "gate", "check"})
  void javaWritesNoCountersToAFile(String verb) throws Exception {
    assertThat(launch(Map.of(), verb)).contains("-XX:-UsePerfData");
  }

  @Test
  void pipesAreNotTreatedAsTerminals() throws Exception {
    assertThat(launch(Map.of(), "status"))
        .contains("-Dindelible.stdout.terminal=false", "-Dindelible.stderr.terminal=false");
  }

  @Test
  void launcherWorksThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(home.resolve("link"), home.resolve("indelible"));

    assertThat(launch(link, Map.of(), "status"))
        .contains(home.toRealPath().resolve("cli/target/indelible-cli.jar").toString());
  }

  /** A build creates the jar before the libraries beside it. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void launcherWaitsForAnUnfinishedBuild() throws Exception {
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

  /** The first file that Java opens would get the descriptor of a closed stream. */
  @ParameterizedTest
  @CsvSource({"<&-, 0, /dev/null", ">&-, 1, /dev/null", "2>&-, 2, /dev/null"})
  @EnabledOnOs(OS.LINUX)
  void closedStreamIsReplaced(String closing, int descriptor, String file) throws Exception {
    Path seen = home.resolve("seen");
    stand("link=$(readlink /proc/$$/fd/" + descriptor + "); echo \"$link\" >'" + seen + "'");

    shell("'" + home.resolve("indelible") + "' status " + closing);

    assertThat(seen).hasContent(file);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void writingToClosedOutputFails() throws Exception {
    Path seen = home.resolve("seen");
    stand("echo lost || echo failed >'" + seen + "'");

    shell("'" + home.resolve("indelible") + "' status >&-");

    assertThat(seen).hasContent("failed");
  }

  /** A failed installation of a hook is no answer to an agent, and keeps its exit status. */
  @ParameterizedTest
  @CsvSource({
    "hook copilot, 0",
    "--data install hook copilot, 0",
    "hook codex, 2",
    "hook install copilot, 3",
    "--data x hook --output json install codex, 3"
  })
  @EnabledOnOs(OS.LINUX)
  void onlyAHookThatAnAgentRunsBlocks(String command, int status) throws Exception {
    Path seen = home.resolve("seen");
    stand("exit 3");

    shell("'%s' %s; echo $? >'%s'".formatted(home.resolve("indelible"), command, seen));

    assertThat(seen).hasContent(String.valueOf(status));
  }

  @ParameterizedTest
  @CsvSource({
    "check, true",
    "--data status check, true",
    "--output json status, true",
    "gate, false",
    "--data check gate, false",
    "log verify, false"
  })
  void shortVerbsRunWithoutTheOptimizer(String command, boolean without) throws Exception {
    assertThat(launch(Map.of(), command.split(" ")).contains("-XX:TieredStopAtLevel=1"))
        .isEqualTo(without);
  }

  /** Of two simultaneous first starts, one creates the archive. Both and a later start use it. */
  @Test
  void firstStartsCreateOneArchiveForAll() throws Exception {
    Path made = libraries();
    stand(
        "case \"$*\" in *-Xshare:dump*) echo one >>'"
            + made
            + "'; echo archive >jsa ;; *DumpLoadedClassList*) ;; *) for arg; do echo \"$arg\"; done; exit 3 ;; esac");
    String start = "'" + home.resolve("indelible") + "' status >/dev/null & ";

    shell(start + start + "wait");

    assertThat(launch(Map.of(), "status"))
        .contains("-XX:SharedArchiveFile=" + target().toRealPath().resolve("classes-17.0.15.jsa"));
    assertThat(made).hasContent("one");
    try (Stream<Path> files = Files.list(target())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.equals("lib") && !name.equals("indelible-cli.jar"))
          .containsExactly("classes-17.0.15.jsa");
    }
  }

  @Test
  void archiveIsReplacedForAnotherBuild() throws Exception {
    Path made = libraries();
    stand(
        "case \"$*\" in *-Xshare:dump*) echo one >>'"
            + made
            + "'; echo archive >jsa ;; *) exit 3 ;; esac");
    launch(Map.of(), "status");
    Path library = Files.writeString(target().resolve("lib/a.jar"), "");
    Files.setLastModifiedTime(library, FileTime.from(Instant.now().plusSeconds(60)));

    launch(Map.of(), "status");

    assertThat(made).hasContent("one\none");
  }

  @Test
  void javaWithoutArchivesStarts() throws Exception {
    Path made = libraries();
    stand(
        "case \"$*\" in *-Xshare:dump*) echo one >>'"
            + made
            + "'; exit 1 ;; *) for arg; do echo \"$arg\"; done; exit 3 ;; esac");

    assertThat(launch(Map.of(), "status")).contains("-Xshare:auto");
    assertThat(launch(Map.of(), "status")).contains("-Xshare:auto");
    assertThat(made).hasContent("one");
  }

  /**
   * Creates the directory of libraries and the file with the version of the JDK. Returns the file
   * that counts the archives created.
   */
  private Path libraries() throws Exception {
    Files.createDirectories(target().resolve("lib"));
    Files.writeString(home.resolve("jdk/release"), "JAVA_VERSION=\"17.0.15\"\n");
    return home.resolve("made");
  }

  private Path target() {
    return home.resolve("cli/target");
  }

  private void stand(String script) throws Exception {
    Files.writeString(home.resolve("jdk/bin/java"), "#!/bin/sh\n" + script + "\n");
  }

  private void shell(String script) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script).inheritIO();
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    builder.start().waitFor();
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
