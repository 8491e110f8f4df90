// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CanonicalHostTest {
  static Stream<Arguments> table() throws IOException {
    try (InputStream in = CanonicalHostTest.class.getResourceAsStream("hosts.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split(" \\|", -1))
              .map(columns -> Arguments.of(columns[0], columns[1].strip(), columns[2].strip()))
              .toList()
              .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("table")
  void hostHasOneCanonicalSpelling(String written, String names, String addresses) {
    CanonicalHost host = CanonicalHost.of(Written.value(written));
    String read =
        host.kind() == CanonicalHost.Kind.HOST
            ? String.join(" ", host.names())
            : host.kind().name();
    assertThat(read).isEqualTo(names);
    assertThat(String.join(" ", host.addresses())).isEqualTo(addresses);
  }

  @ParameterizedTest
  @MethodSource("table")
  void canonicalFormIsStable(String written, String names, String addresses) {
    CanonicalHost host = CanonicalHost.of(Written.value(written));
    if (host.isKnown()) {
      CanonicalHost again = CanonicalHost.of(Value.of(host.display()));
      assertThat(again.display()).isEqualTo(host.display());
      assertThat(host.addresses()).containsAll(again.addresses());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://a/, 80",
    "https://a/, 443",
    "http://a:8080/, 8080",
    "http://[::1]:22/, 22",
    "ssh://a/, 22",
    "a:99, 99",
    "a, -1",
    "git@a:22/x, 22",
    "git@a:path, -1",
    "http://a:99999999999/, 1048576",
  })
  void portIsRead(String written, int port) {
    assertThat(CanonicalHost.of(Value.of(written)).port()).isEqualTo(port);
  }

  /** The user's locale cannot be used to evade a rule about an address. */
  @Test
  void localeMakesNoDifference() {
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(CanonicalHost.of(Value.of("169.254.43518")).display())
          .isEqualTo("169.254.169.254");
    } finally {
      Locale.setDefault(usual);
    }
  }

  @Test
  void requestHasItsPort() {
    assertThat(CanonicalHost.of("example.com", 25).port()).isEqualTo(25);
  }

  /** {@code InetAddress} parses the text in brackets without a lookup. */
  @Test
  void ipv6AddressesAreReadAsInTheJdk() throws UnknownHostException {
    Random random = new Random(13);
    for (int i = 0; i < 20_000; i++) {
      String text = ipv6(random);
      byte[] expected;
      try {
        expected = InetAddress.getByName("[" + text + "]").getAddress();
      } catch (UnknownHostException e) {
        assertThat(IpAddress.readV6(text)).as(text).isNull();
        continue;
      }
      IpAddress address = IpAddress.readV6(text);
      assertThat(address).as(text).isNotNull();
      CanonicalHost host = CanonicalHost.of(Value.of("[" + text + "]"));
      assertThat(InetAddress.getByName(host.display()).getAddress()).as(text).isEqualTo(expected);
    }
  }

  private static String ipv6(Random random) {
    StringBuilder text = new StringBuilder();
    int groups = 1 + random.nextInt(8);
    for (int i = 0; i < groups; i++) {
      text.append(i == 0 ? "" : random.nextInt(5) == 0 ? "::" : ":");
      text.append(Integer.toHexString(random.nextInt(random.nextBoolean() ? 4 : 0x10000)));
    }
    if (random.nextInt(4) == 0) {
      text.append("::");
    }
    if (random.nextInt(4) == 0) {
      text.append(text.charAt(text.length() - 1) == ':' ? "" : ":").append("10.1.2.3");
    }
    return random.nextInt(6) == 0 ? "::" + text : text.toString();
  }

  /** Every spelling that {@code inet_aton} accepts is read as its address. */
  @Test
  void everyIpv4SpellingIsReadAsItsAddress() {
    Random random = new Random(13);
    for (int i = 0; i < 20_000; i++) {
      long address = random.nextLong() & 0xffffffffL;
      int parts = 1 + random.nextInt(4);
      StringBuilder text = new StringBuilder();
      for (int k = 0; k < parts; k++) {
        boolean isLast = k == parts - 1;
        long number = isLast ? address & (1L << 8 * (4 - k)) - 1 : address >> 24 - 8 * k & 255;
        String zeros = "0".repeat(random.nextInt(3));
        String form =
            switch (random.nextInt(3)) {
              case 0 -> Long.toString(number);
              case 1 -> "0" + zeros + Long.toOctalString(number);
              default -> "0x" + zeros + Long.toHexString(number);
            };
        text.append(k == 0 ? "" : ".").append(form);
      }
      assertThat(CanonicalHost.of(Value.of(text.toString())).addresses().get(0))
          .as("%s", text)
          .isEqualTo(IpAddress.v4(address).display());
    }
  }

  @Test
  void opaqueHostHasAProblem() {
    assertThat(CanonicalHost.of(Value.EMPTY).problem()).contains("the host is empty");
    assertThat(CanonicalHost.of(Value.of("http://a\0b/")).isOpaque()).isTrue();
    assertThat(CanonicalHost.of(Value.of("a".repeat(300))).isOpaque()).isTrue();
  }
}
