// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.base.Text;
import dev.indelible.event.PolicyText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a policy, read but not yet parsed. Reading is bounded in memory, and opens regular
 * files only: a pipe would block, and a device may never end.
 *
 * @param names the names of the files in errors
 * @param text the files, in the order of their names
 */
record PolicySource(List<String> names, PolicyText text) {
  /** Enough for thousands of rules; a larger file is a mistake. */
  static final int MAX_FILE_BYTES = 1 << 20;

  /** Limits the memory of a load for any number of files. */
  static final int MAX_BYTES = 8 << 20;

  /** Enough for a note with many signatures. */
  private static final int MAX_SIGNATURE_BYTES = 1 << 16;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  PolicySource {
    names = List.copyOf(names);
  }

  static PolicySource of(String yaml, String name) throws PolicyException {
    try {
      String text = Text.requireWellFormed(yaml, name);
      if (Text.utf8Length(text) > MAX_FILE_BYTES) {
        throw tooLarge(name);
      }
      return new PolicySource(List.of(name), PolicyText.ofFile(text));
    } catch (IllegalArgumentException e) {
      throw new PolicyException(e.getMessage() + "; remove it");
    }
  }

  static PolicySource at(Path path) throws PolicyException {
    return Files.isDirectory(path)
        ? directory(path)
        : new PolicySource(List.of(path.toString()), PolicyText.ofFile(read(path)));
  }

  /** Returns the policy that a log has on record, to be read again. */
  static PolicySource recorded(PolicyText text) {
    return new PolicySource(
        text.files().stream()
            .map(file -> "recorded policy " + file.name().map(Quoted::of).orElse(text.digest()))
            .toList(),
        text);
  }

  /**
   * Returns the signed note beside the files of a policy. Empty if there is none, or if it cannot
   * be read: either way nothing admits the policy.
   */
  static Optional<String> signature(Path path) {
    Path file =
        Files.isDirectory(path)
            ? path.resolve(RulePolicy.SIGNATURE_FILE)
            : path.resolveSibling(RulePolicy.SIGNATURE_FILE);
    try {
      if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
        return Optional.empty();
      }
      try (InputStream in = Files.newInputStream(file)) {
        return Optional.of(new String(in.readNBytes(MAX_SIGNATURE_BYTES), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static PolicySource directory(Path directory) throws PolicyException {
    List<String> names = new ArrayList<>();
    List<PolicyText.File> files = new ArrayList<>();
    long bytes = 0;
    for (Path path : yamlFiles(directory)) {
      String text = read(path);
      bytes += Text.utf8Length(text);
      if (bytes > MAX_BYTES) {
        throw new PolicyException(
            "%s: the files of this directory have more than %s bytes; remove what is not a rule"
                .formatted(directory, MAX_BYTES));
      }
      names.add(path.toString());
      files.add(new PolicyText.File(Optional.of(fileName(path)), text));
    }
    if (files.isEmpty()) {
      throw new PolicyException(
          directory
              + ": no *.yaml or *.yml file in this directory; add one, because without rules every"
              + " action is allowed");
    }
    return new PolicySource(names, new PolicyText(files));
  }

  private static String fileName(Path path) throws PolicyException {
    try {
      return Text.requireWellFormed(path.getFileName().toString(), "its name");
    } catch (IllegalArgumentException e) {
      throw new PolicyException(Quoted.of(path.toString()) + ": " + e.getMessage() + "; rename it");
    }
  }

  /** Returns the text of file {@code i} as YAML reads it, without a byte order mark. */
  String yaml(int i) {
    String content = text.files().get(i).text();
    return content.startsWith(BYTE_ORDER_MARK) ? content.substring(1) : content;
  }

  /** Returns every entry with a matching name, so that an unreadable rule file is an error. */
  private static List<Path> yamlFiles(Path directory) throws PolicyException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(PolicySource::isYaml)
          .sorted(Comparator.comparing(path -> path.getFileName().toString()))
          .toList();
    } catch (UncheckedIOException e) {
      throw unreadable(directory, e.getCause());
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
  }

  /** Returns true if the name of a directory's entry makes it a file of rules. */
  static boolean isYaml(Path entry) {
    String name = entry.getFileName().toString();
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  private static String read(Path path) throws PolicyException {
    byte[] bytes;
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new PolicyException(
            "%s: is %s, not a file; rename or remove it"
                .formatted(path, attributes.isDirectory() ? "a directory" : "a pipe or a device"));
      }
      try (InputStream in = Files.newInputStream(path)) {
        bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      }
    } catch (NoSuchFileException e) {
      throw new PolicyException(
          path
              + (Files.isSymbolicLink(path)
                  ? ": a symbolic link to a file that does not exist; correct or remove it"
                  : ": no such file; name a policy file or a directory of them"));
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw tooLarge(path.toString());
    }
    return decode(bytes, path.toString());
  }

  private static PolicyException tooLarge(String name) {
    return new PolicyException(
        "%s: larger than %s bytes; split it into several files of one directory"
            .formatted(name, MAX_FILE_BYTES));
  }

  private static PolicyException unreadable(Path path, IOException e) {
    String reason =
        e instanceof AccessDeniedException
            ? "permission denied"
            : e instanceof FileSystemException failed && failed.getReason() != null
                ? failed.getReason()
                : e.toString();
    return new PolicyException(
        path + ": cannot be read: " + reason + "; check that it is a file that you may read");
  }

  private static String decode(byte[] bytes, String name) throws PolicyException {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    if (decoder.decode(in, out, true).isError()) {
      String before = new String(Arrays.copyOf(bytes, in.position()), StandardCharsets.UTF_8);
      throw new PolicyException(
          "%s: not UTF-8 (byte 0x%02x); save it as UTF-8"
              .formatted(Yaml.place(name, before, before.length()), bytes[in.position()] & 0xff));
    }
    return out.flip().toString();
  }
}
