// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.base.Text;
import dev.indelible.crypto.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of a policy, read but not yet parsed.
 *
 * @param files the files in the order of their names
 * @param digest identifies their bytes
 */
record PolicySource(List<File> files, String digest) {
  /** Enough for thousands of rules; a larger file is a mistake. */
  static final int MAX_FILE_BYTES = 1 << 20;

  /**
   * A file.
   *
   * @param name the name in errors
   * @param text the content
   */
  record File(String name, String text) {}

  PolicySource {
    files = List.copyOf(files);
  }

  static PolicySource of(String yaml, String name) throws PolicyException {
    try {
      return single(Text.requireWellFormed(yaml, name).getBytes(StandardCharsets.UTF_8), name);
    } catch (IllegalArgumentException e) {
      throw new PolicyException(e.getMessage() + "; remove it");
    }
  }

  static PolicySource at(Path path) throws PolicyException {
    return Files.isDirectory(path) ? directory(path) : single(read(path), path.toString());
  }

  private static PolicySource single(byte[] bytes, String name) throws PolicyException {
    File file = new File(name, decode(bytes, name));
    return new PolicySource(List.of(file), digest(bytes));
  }

  private static PolicySource directory(Path directory) throws PolicyException {
    List<byte[]> framed = new ArrayList<>();
    List<File> files = new ArrayList<>();
    for (Path path : yamlFiles(directory)) {
      byte[] bytes = read(path);
      frame(framed, path.getFileName().toString().getBytes(StandardCharsets.UTF_8));
      frame(framed, bytes);
      files.add(new File(path.toString(), decode(bytes, path.toString())));
    }
    if (files.isEmpty()) {
      throw new PolicyException(
          directory
              + ": no *.yaml or *.yml file in this directory; add one, because without rules every action is allowed");
    }
    return new PolicySource(files, digest(framed.toArray(byte[][]::new)));
  }

  /** Returns every entry with a matching name, so that an unreadable rule file is an error. */
  private static List<Path> yamlFiles(Path directory) throws PolicyException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(path -> isYaml(path.getFileName().toString()))
          .sorted(Comparator.comparing(path -> path.getFileName().toString()))
          .toList();
    } catch (UncheckedIOException e) {
      throw unreadable(directory, e.getCause());
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
  }

  private static boolean isYaml(String name) {
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  private static byte[] read(Path path) throws PolicyException {
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(MAX_FILE_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new PolicyException(path + ": no such file; name a policy file or a directory of them");
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static PolicyException unreadable(Path path, IOException e) {
    return new PolicyException(
        path + ": cannot be read (" + e + "); check that it is a file you may read");
  }

  private static String decode(byte[] bytes, String name) throws PolicyException {
    if (bytes.length > MAX_FILE_BYTES) {
      throw new PolicyException(
          "%s: larger than %s bytes; split it into several files of one directory"
              .formatted(name, MAX_FILE_BYTES));
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      throw new PolicyException(
          "%s: not UTF-8 at byte %s; save it as UTF-8".formatted(name, in.position()));
    }
    String text = out.flip().toString();
    // Some editors begin a file with a byte order mark, which YAML reads as a character.
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private static void frame(List<byte[]> parts, byte[] bytes) {
    parts.add(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    parts.add(bytes);
  }

  private static String digest(byte[]... parts) {
    return "sha256:" + HexFormat.of().formatHex(Sha256.hash(parts));
  }
}
