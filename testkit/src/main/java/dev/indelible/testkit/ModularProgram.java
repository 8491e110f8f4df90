// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A module with one class {@code program.Main} that is compiled and run on the module path. */
public final class ModularProgram {
  private final Path directory;
  private final String modulePath;

  /**
   * Writes and compiles the program.
   *
   * @param directory an empty directory
   * @param jars the beginnings of the names of third-party jars to take from the test's class path
   * @param requires the modules that the program requires
   * @param main the source of {@code program.Main}, without its package declaration
   */
  public ModularProgram(Path directory, List<String> jars, List<String> requires, String main)
      throws IOException, InterruptedException {
    this.directory = directory;
    this.modulePath = modulePath(jars) + File.pathSeparator + directory.resolve("classes");
    Path source = Files.createDirectories(directory.resolve("source/program"));
    Files.writeString(source.resolve("Main.java"), "package program;\n" + main);
    Path descriptor = source.resolveSibling("module-info.java");
    Files.writeString(
        descriptor,
        requires.stream()
            .map(module -> "  requires " + module + ";\n")
            .collect(Collectors.joining("", "module program {\n", "}\n")));
    Files.createDirectories(directory.resolve("classes"));
    run(
        tool("javac"),
        "--module-path",
        modulePath,
        "-d",
        directory.resolve("classes").toString(),
        descriptor.toString(),
        source.resolve("Main.java").toString());
  }

  /** Runs the program on the JDK of the test, and returns its output. */
  public String run(Object... arguments) throws IOException, InterruptedException {
    return start(tool("java"), "--module-path", modulePath, arguments);
  }

  /**
   * Links the program with jlink into an image with only the modules that it needs, runs the image,
   * and returns its output.
   */
  public String runLinked(Object... arguments) throws IOException, InterruptedException {
    assumeTrue(
        Files.isDirectory(Path.of(System.getProperty("java.home"), "jmods")),
        "skipped: this JDK has no modules to link");
    Path image = directory.resolve("image");
    run(
        tool("jlink"),
        "--module-path",
        modulePath,
        "--add-modules",
        "program",
        // The jar of BouncyCastle is signed, which jlink would refuse.
        "--ignore-signing-information",
        "--output",
        image.toString());
    return start(image.resolve("bin/java").toString(), "-Xshare:auto", "-Xmx128m", arguments);
  }

  private String start(String java, String option, String value, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(java, option, value, "-m", "program/program.Main"));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    return run(command.toArray(String[]::new));
  }

  /**
   * Returns a module path of this project's modules on the class path and the named third-party
   * jars.
   */
  private static String modulePath(List<String> jars) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> isModule(Path.of(entry), jars))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static boolean isModule(Path entry, List<String> jars) {
    if (Files.isDirectory(entry)) {
      return Files.exists(entry.resolve("module-info.class"));
    }
    String name = entry.getFileName().toString();
    return name.startsWith("indelible") && !name.startsWith("indelible-testkit")
        || jars.stream().anyMatch(name::startsWith);
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor() >= 0);
    assertEquals(0, process.exitValue(), output);
    return output.strip();
  }
}
