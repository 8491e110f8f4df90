// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A person reads these words, so they name no Java type where the type is the only cause. */
class FileFaultTest {
  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(new AccessDeniedException("f"), "no permission"),
        Arguments.of(new NoSuchFileException("f"), "no such file or directory"),
        Arguments.of(new FileAlreadyExistsException("f"), "a file of this name exists"),
        Arguments.of(new NotDirectoryException("f"), "not a directory"),
        Arguments.of(new MalformedInputException(1), "not UTF-8"),
        Arguments.of(new FileSystemException("f", null, "Is a directory"), "Is a directory"),
        Arguments.of(new IOException("No space left on device"), "No space left on device"),
        Arguments.of(new FileSystemLoopException("f"), "FileSystemLoopException: f"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void faultIsDescribedInWords(IOException fault, String words) {
    assertThat(DurableFiles.reason(fault)).isEqualTo(words);
  }
}
