// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.value.Value;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnexpandedPathTest {
  private static final Surroundings PROJECT =
      Surroundings.of(Value.of("/home/dev/project"), Written.value("«HOME»"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "~ | ~",
        "~/.bashrc | ~/.bashrc",
        "~\\.ssh\\id_rsa | ~/.ssh/id_rsa",
        "$HOME/.ssh | ~/.ssh",
        "${HOME}/x | ~/x",
        "%USERPROFILE%\\.ssh | ~/.ssh",
        "%userprofile%/x | ~/x",
        "%HOMEDRIVE%%HOMEPATH%\\x | ~/x",
        "$env:USERPROFILE\\x | ~/x",
        "${env:APPDATA}\\x | ~/AppData/Roaming/x",
        "%TEMP%\\x | <scratch>/x",
        "%SystemRoot%\\System32 | C:\\Windows\\System32",
        "%SystemDrive%\\ | C:\\",
        "~dev/x | /home/dev/project/~dev/x",
        "$HOMES/x | /home/dev/project/$HOMES/x",
        "a/~/b | /home/dev/project/a/~/b",
        "/etc/passwd | /etc/passwd",
      })
  void prefixIsExpanded(String written, String canonical) {
    assertThat(PROJECT.path(UnexpandedPath.value(written)).display()).isEqualTo(canonical);
  }
}
