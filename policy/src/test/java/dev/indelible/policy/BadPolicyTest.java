// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.indelible.action.Bash;
import dev.indelible.action.Read;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hostile or damaged policies. Each one either loads, or causes an error with its position. */
class BadPolicyTest {
  /**
   * Far more than a load takes on a busy machine. A load that blocks, or takes exponential time,
   * exceeds it.
   */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private static final String HEAD = "version: 1\nrules:\n";

  @TempDir Path directory;

  /** Contents of the file {@code x.yaml}, and the error, which follows the file name. */
  enum Bad {
    ALIASES(
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        ", line 1, column 4: anchors and aliases are not read"),
    DEEP("version: " + "[".repeat(100_000), ", line 1, column 19: nested deeper than 10 levels"),
    DEEP_MAPPING(
        IntStream.range(0, 200).mapToObj(i -> " ".repeat(i) + "a:\n").collect(Collectors.joining()),
        "nested deeper than 10 levels"),
    TEN_MEBIBYTES(HEAD + "#".repeat(10 << 20), ": larger than 1048576 bytes; split it"),
    LONG_KEY("? " + "k".repeat(100_000) + "\n: 1\n", ", line 1, column 3: unknown key \"kkk"),
    DUPLICATE_KEY("version: 1\nversion: 1\nrules: []\n", "duplicate key \"version\""),
    TWO_DOCUMENTS("version: 1\nrules: []\n---\nversion: 1\n", ", line "),
    TAG("version: !!java.net.URL [x]\nrules: []\n", ", line 1, column 1: version is a list"),
    MERGE_KEY("version: 1\n<<: {rules: []}\n", ", line 2, column 1: unknown key \"<<\""),
    NOT_YAML("version: 1\nrules: [\n", "not YAML"),
    NUL("version: 1\nrules: \0\n", ", line 2, column 8: not YAML: character U+0000"),
    EMPTY("", "empty; begin with \"version: 1\""),
    BLANK_RULES("version: 1\nrules:\n", "rules is nothing where a list is expected"),
    LONG_GLOB(
        HEAD
            + "  - {id: A, severity: refuse, reason: r, match: {kind: tool_call, tool: "
            + "a*".repeat(5_000)
            + "}}\n",
        "a glob has 1 to 1024 characters");

    private final String content;
    private final String error;

    Bad(String content, String error) {
      this.content = content;
      this.error = error;
    }
  }

  @ParameterizedTest
  @EnumSource
  void badFileIsAnError(Bad bad) throws Exception {
    Path file = directory.resolve("x.yaml");
    Files.writeString(file, bad.content);
    assertError(directory, file, bad.error);
  }

  @Test
  void bytesThatAreNotUtf8HaveTheirPlace() throws Exception {
    Path file = directory.resolve("x.yaml");
    Files.write(file, "version: 1\nrules: \u00e9".getBytes(StandardCharsets.ISO_8859_1));
    assertError(directory, file, ", line 2, column 8: not UTF-8 (byte 0xe9)");
  }

  @Test
  void pipeDoesNotBlock() throws Exception {
    Path file = directory.resolve("x.yaml");
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertError(directory, file, ": is a pipe or a device, not a file");
  }

  @Test
  void deviceIsNotRead() throws Exception {
    Path file = directory.resolve("x.yaml");
    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    assertError(directory, file, ": is a pipe or a device, not a file");
  }

  @Test
  void directoryInPlaceOfAFileIsAnError() throws Exception {
    Path file = Files.createDirectory(directory.resolve("x.yaml"));
    assertError(directory, file, ": is a directory, not a file");
  }

  @Test
  void linkLoopIsAnError() throws Exception {
    Path file = directory.resolve("x.yaml");
    Files.createSymbolicLink(file, directory.resolve("y.yaml"));
    Files.createSymbolicLink(directory.resolve("y.yaml"), file);
    assertError(directory, file, ": cannot be read: ");
  }

  @Test
  void danglingLinkIsAnError() throws Exception {
    Path file = directory.resolve("x.yaml");
    Files.createSymbolicLink(file, directory.resolve("nowhere"));
    assertError(directory, file, ": a symbolic link to a file that does not exist");
  }

  @Test
  void fileWithoutPermissionIsAnError() throws Exception {
    Path file = Files.writeString(directory.resolve("x.yaml"), HEAD + "  []\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(file), "this user may read every file");
    assertError(directory, file, ": cannot be read: permission denied");
  }

  @Test
  void directoryOfTooManyBytesIsAnError() throws Exception {
    for (int i = 0; i < 9; i++) {
      Files.writeString(
          directory.resolve(i + ".yaml"), "version: 1\nrules: []\n#" + "x".repeat(1_000_000));
    }
    assertError(directory, directory, ": the files of this directory have more than 8388608 bytes");
  }

  @Test
  void thousandsOfRulesLoad() throws Exception {
    String rules =
        IntStream.range(0, 5_000)
            .mapToObj(
                i ->
                    "  - {id: R%s, severity: refuse, reason: r, when: {deletes: /srv/%s/**}}\n"
                        .formatted(i, i))
            .collect(Collectors.joining());
    Path file = Files.writeString(directory.resolve("x.yaml"), HEAD + rules);
    RulePolicy policy = assertTimeoutPreemptively(LONGEST, () -> RulePolicy.load(file));
    assertThat(policy.rules()).hasSize(5_000);
    assertThat(policy.decide("agent:a", new Bash("rm -rf /srv/4999/x")).ruleId()).contains("R4999");
  }

  /** A pattern that makes a backtracking matcher take exponential time. */
  @Test
  void globDoesNotBacktrack() throws Exception {
    String pattern = "*a".repeat(300);
    Path file =
        Files.writeString(
            directory.resolve("x.yaml"),
            HEAD
                + "  - {id: A, severity: refuse, reason: r, match: {kind: read, namespace_glob: \"%s\"}}\n"
                    .formatted(pattern));
    RulePolicy policy = RulePolicy.load(file);
    Read action = new Read("memory", Optional.of("a".repeat(5_000) + "b"), Optional.empty());
    assertThat(
            assertTimeoutPreemptively(LONGEST, () -> policy.decide("agent:a", action))
                .isPermitted())
        .isTrue();
  }

  private static void assertError(Path policy, Path named, String error) throws IOException {
    assertTimeoutPreemptively(
        LONGEST,
        () ->
            assertThatThrownBy(() -> RulePolicy.load(policy))
                .isInstanceOf(PolicyException.class)
                .hasMessageStartingWith(named.toString())
                .hasMessageContaining(error)
                .message()
                .hasSizeLessThan(1_000));
  }
}
