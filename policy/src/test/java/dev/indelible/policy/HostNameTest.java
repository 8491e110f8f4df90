// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNameTest {
  @ParameterizedTest
  @CsvSource({
    "Example.COM.,                    example.com",
    "my_service,                      my_service",
    "127.1,                           127.0.0.1",
    "0x7f.1,                          127.0.0.1",
    "0177.0.0.1,                      127.0.0.1",
    "2852039166,                      169.254.169.254",
    "0xA9FEA9FE,                      169.254.169.254",
    "169.254.43518,                   169.254.169.254",
    "255.255.255.255,                 255.255.255.255",
    "[::1],                           0:0:0:0:0:0:0:1",
    "fe80::1%eth0,                    fe80:0:0:0:0:0:0:1",
    "::ffff:169.254.169.254,          169.254.169.254",
    "[0:0:0:0:0:ffff:a9fe:a9fe],      169.254.169.254",
    "１６９.254.169.254,              169.254.169.254",
    "müller.de,                       xn--mller-kva.de",
  })
  void hasOneSpelling(String host, String normal) {
    assertThat(HostName.normalise(host)).isEqualTo(normal);
  }

  /** A user's locale does not evade a rule about an address. */
  @Test
  void hasTheSameSpellingInAnyLocale() {
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(HostName.normalise("169.254.43518")).isEqualTo("169.254.169.254");
    } finally {
      Locale.setDefault(usual);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a b",
        "a/b",
        "user@a",
        "http://a",
        "a:80",
        "z.example:80",
        "[::1]:80",
        "a%2eb",
        "a\\b",
        "a\0b",
        "1.2.3.256",
        "1.2.3.4.5",
        "a.1",
        "1..2",
        "4294967296",
        "99999999999999999999",
        "08",
        "[]"
      })
  void refusesWhatIsNoHost(String host) {
    assertThatThrownBy(() -> HostName.normalise(host)).hasMessageContaining("is not a host");
  }

  @ParameterizedTest
  @CsvSource({
    "*.example.com,  a.b.EXAMPLE.com",
    "*.Example.com,  a.example.com.",
    "127.*,          127.1",
    "127.1,          127.0.0.1",
    "[::1],          0:0::1",
    "host-?,         host-1",
  })
  void globsMatchNormalForms(String glob, String host) {
    assertThat(HostName.glob(glob).matches(HostName.normalise(host))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"*.example.com, example.com", "*.example.com, a.example.com.evil.org"})
  void globsMatchNothingElse(String glob, String host) {
    assertThat(HostName.glob(glob).matches(HostName.normalise(host))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://*", "*.müller.de", "*/admin", "a b", "{a,b}*", "http://a"})
  void refusesAGlobThatCouldNeverMatch(String glob) {
    assertThatThrownBy(() -> HostName.glob(glob)).isInstanceOf(IllegalArgumentException.class);
  }
}
