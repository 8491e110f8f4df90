// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilePathTest {
  @ParameterizedTest
  @CsvSource({
    "/etc/passwd,            /etc/passwd",
    "/tmp/../etc/passwd,     /etc/passwd",
    "//etc///passwd/,        /etc/passwd",
    "/./etc/./passwd,        /etc/passwd",
    "/../../etc/passwd,      /etc/passwd",
    "/a/b/../../etc/passwd,  /etc/passwd",
    "/a/...,                 /a/...",
    "/..,                    /",
    "/,                      /",
  })
  void hasOneSpelling(String path, String normal) {
    assertThat(FilePath.normalise(path)).isEqualTo(normal);
  }

  @Test
  void relativePathsAreTakenFromTheWorkingDirectory() {
    String here = Path.of("").toAbsolutePath().toString();
    assertThat(FilePath.normalise("a/../b")).isEqualTo(here + "/b");
    assertThat(FilePath.normalise("./")).isEqualTo(here);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "\"\",            the path is empty; it names no file",
        "../etc/passwd,   path \"../etc/passwd\" leaves an unnamed directory by \"..\"; use an"
            + " absolute path",
        "a/../../b,       path \"a/../../b\" leaves an unnamed directory by \"..\"; use an"
            + " absolute path",
      },
      ignoreLeadingAndTrailingWhitespace = true)
  void refusesWhatNamesNoFile(String path, String message) {
    assertThatThrownBy(() -> FilePath.normalise(path)).hasMessage(message);
  }

  @Test
  void refusesANullByte() {
    assertThatThrownBy(() -> FilePath.normalise("/etc/passwd\0.txt"))
        .hasMessage("path \"/etc/passwd\\u0000.txt\" contains a null byte");
  }

  @ParameterizedTest
  @ValueSource(strings = {"etc/*", "*.key", "~/.ssh/**", "/etc/", "/a//b", "/a/../b", "/./a", "/"})
  void refusesAGlobThatCouldNeverMatch(String glob) {
    assertThatThrownBy(() -> FilePath.glob(glob)).isInstanceOf(IllegalArgumentException.class);
  }
}
