// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fuzz targets for Jazzer: any text has a canonical form or is opaque, and the canonical form is
 * stable. By default only stored inputs are run; docs/testing.md explains how to fuzz for longer.
 */
class CanonicalFuzzTest {
  private static final Surroundings POSIX =
      Surroundings.of(Value.of("/home/dev/project"), Value.unknown(Origin.HOME, ""));
  private static final Surroundings WINDOWS =
      Surroundings.of(Value.of("C:\\Users\\dev"), Value.of("C:\\Users\\dev"));
  private static final PathPatterns PATTERNS =
      PathPatterns.of(List.of("@secrets", "@startup", "@system", "${cwd}/.git/**", "**/a*/[b-d]?"));
  private static final HostPatterns HOSTS =
      HostPatterns.of(List.of("@metadata", "@loopback", "*.example.com", "a*b?c"));

  static List<byte[]> paths() {
    return bytes(
        "/a/../b//c/.",
        "\u0001/x\u0003y/..",
        "\u0002/../..",
        "//?/UNC/localhost/c$/PROGRA~1",
        "file://localhost/%2e%2e/C|/x",
        "/proc/self/task/1/cwd/\u0004/..",
        "C:\\a. .\\b::$DATA\\*\\..\\..",
        "\\\\wsl$\\x\\..\\y");
  }

  static List<byte[]> hosts() {
    return bytes(
        "http://a\\@[::ffff:0x7f.1]:80/",
        "0x7f.010.65535",
        "https://\u0001.x\u0002:99/",
        "jdbc:x:y://h,i:1/",
        "ⅰ。xn--a.１",
        "--1.sslip.io",
        "s,3.sx.io");
  }

  private static List<byte[]> bytes(String... texts) {
    List<byte[]> all = new ArrayList<>();
    for (String text : texts) {
      all.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return all;
  }

  /** Returns the text as a value. Four control characters stand for unknown parts and a glob. */
  private static Value value(byte[] input) {
    Value value = Value.EMPTY;
    for (char c : new String(input, StandardCharsets.UTF_8).toCharArray()) {
      value =
          value.plus(
              switch (c) {
                case '\u0001' -> Value.unknown(Origin.HOME, "");
                case '\u0002' -> Value.unknown(Origin.SCRATCH, "");
                case '\u0003' -> Value.unknown(Origin.VARIABLE, "X");
                case '\u0004' -> new Value(List.of(new Value.Glob("*")));
                default -> Value.of(String.valueOf(c));
              });
    }
    return value;
  }

  @DictionaryEntries({
    "/..",
    "/proc/self/",
    "C:\\x5C",
    "\\x5C\\x5C?\\x5C",
    "~1",
    "::$DATA",
    "file:",
    "/mnt/c"
  })
  @MethodSource("paths")
  @FuzzTest(maxDuration = "10m")
  void anyPath(byte[] input) {
    Value value = value(input);
    for (Surroundings surroundings : List.of(POSIX, WINDOWS)) {
      CanonicalPath path = surroundings.path(value);
      PATTERNS.concerns(path, true, surroundings);
      boolean hasOwnRoot = path.isScratch() || path.root().text().startsWith("~");
      if (!path.isOpaque() && path.isKnown() && !hasOwnRoot) {
        CanonicalPath again = POSIX.path(Value.of(path.display()));
        assertThat(again).isEqualTo(path);
        assertThat(again.display()).isEqualTo(path.display());
      }
    }
  }

  @DictionaryEntries({"http://", "[::", "0x", ".nip.io", "\\x5C@", "#@", "%2e", "::ffff:"})
  @MethodSource("hosts")
  @FuzzTest(maxDuration = "10m")
  void anyHost(byte[] input) {
    CanonicalHost host = CanonicalHost.of(value(input));
    HOSTS.concerns(host);
    if (host.isKnown()) {
      CanonicalHost again = CanonicalHost.of(Value.of(host.display()));
      assertThat(again.display()).isEqualTo(host.display());
    }
  }
}
