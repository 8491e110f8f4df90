// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPatternsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "example.com | https://EXAMPLE.com./x | YES",
        "example.com | a.example.com | NO",
        "EXAMPLE.com | example.com | YES",
        "*.example.com | a.b.example.com | YES",
        "*.example.com | example.com | NO",
        "*.example.com | badexample.com | NO",
        "*.example.com | https://«X».example.com/ | YES",
        "*.example.com | https://a«X»/ | MAYBE",
        "example.com | https://«X» | MAYBE",
        "example.com | https://«X».org/ | NO",
        "api-*.example.com | api-7.example.com | YES",
        "api-?.example.com | api-77.example.com | NO",
        "* | anything | YES",
        "10.0.0.0/8 | http://10.1.2.3/ | YES",
        "10.0.0.0/8 | http://0xa010203/ | YES",
        "10.0.0.0/8 | http://app.10.0.0.1.nip.io/ | YES",
        "10.0.0.0/8 | 11.0.0.1 | NO",
        "10.0.0.0/8 | http://10.«X»/ | YES",
        "10.1.0.0/16 | http://10.«X»/ | MAYBE",
        "10.1.0.0/16 | http://10.2.«X»/ | NO",
        "10.0.0.0/8 | https://«X».example.com/ | NO",
        "10.0.0.0/8 | «X» | MAYBE",
        "0.0.0.0/0 | 1.2.3.4 | YES",
        "0.0.0.0/0 | ::1 | NO",
        "127.0.0.1 | 127.1 | YES",
        "fd00::/8 | [fd12::1] | YES",
        "169.254.* | 169.254.1.2 | YES",
        "[::1] | ::1 | YES",
        "::1 | [0:0::1]:80 | YES",
        "example.com:22 | ssh://example.com/ | YES",
        "example.com:22 | https://example.com/ | NO",
        "example.com:22 | example.com | MAYBE",
        ":22 | ssh://example.com/ | YES",
        "*:22 | example.com:22 | YES",
        "@metadata | http://2852039166/latest | YES",
        "@metadata | http://[64:ff9b::a9fe:a9fe]/ | YES",
        "@metadata | 169.254.170.2 | YES",
        "@metadata | 169.254.170.23 | YES",
        "@metadata | [fd00:ec2::254] | YES",
        "@metadata | 100.100.100.200 | YES",
        "@metadata | metadata.google.internal. | YES",
        "@metadata | http://169.254.169.«X»/ | MAYBE",
        "@metadata | 1.2.3.4.example.com | NO",
        "@metadata | docs.example.com | NO",
        "@loopback | http://0/ | YES",
        "@loopback | [::] | YES",
        "@loopback | app.localhost:3000 | YES",
        "@loopback | x.lvh.me | YES",
        "@loopback | [::ffff:127.0.0.1] | YES",
        "@private | 192.168.1.1 | YES",
        "@private | 172.31.0.1 | YES",
        "@private | 172.32.0.1 | NO",
        "@link_local | [fe80::1%25eth0] | YES",
        "@paste | https://transfer.sh/x | YES",
        "@paste | https://github.com/x | NO",
        "@tunnel | https://abc.ngrok-free.app | YES",
        "example.com | file:///etc/passwd | NO",
        "* | unix:/run/docker.sock | NO",
        "example.com | http://a b/ | YES",
        "b | https://a\\@b/ | YES",
      })
  void patternHasItsRelationToTheHost(String pattern, String host, Relation relation) {
    assertThat(HostPatterns.of(List.of(pattern)).concerns(CanonicalHost.of(Written.value(host))))
        .isEqualTo(relation);
  }

  @Test
  void exceptionAppliesOnlyIfAllReadingsMatch() {
    HostPatterns patterns = HostPatterns.of(List.of("*", "!example.com", "!@loopback"));
    assertThat(patterns.concerns(CanonicalHost.of(Value.of("https://example.com"))))
        .isEqualTo(Relation.NO);
    assertThat(patterns.concerns(CanonicalHost.of(Value.of("https://example.com\\@evil.com"))))
        .isEqualTo(Relation.YES);
    assertThat(patterns.concerns(CanonicalHost.of(Value.of("http://127.1"))))
        .isEqualTo(Relation.NO);
    assertThat(patterns.concerns(CanonicalHost.of(Value.EMPTY))).isEqualTo(Relation.YES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://example.com/ | give a host without scheme",
        "example.com/x | give a host without scheme",
        "git@example.com | give a host without scheme",
        "10.0.0.1/8 | the range begins with 10.0.0.0",
        "10.0.0.0/33 | a range has 0 to 32 bits",
        "example.com:x | a port is a number",
        "example.com:70000 | a port is a number",
        "*.ex ample | a host glob has only",
        "**.example.com | * crosses dots",
        "1.2.3.400 | clients differ in their reading",
        "010.0.0.1 | clients differ in their reading",
        "a b | the name has the character",
        "*.müller.de | a host glob has only",
        "@nonsense | unknown host set",
      })
  void errorStatesTheReason(String pattern, String why) {
    assertThatThrownBy(() -> HostPatterns.of(List.of(pattern)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void indexMatchesEachList() {
    List<HostPatterns> lists = new ArrayList<>();
    NamedSets.HOSTS.all().keySet().forEach(name -> lists.add(HostPatterns.of(List.of("@" + name))));
    for (int i = 0; i < 200; i++) {
      lists.add(HostPatterns.of(List.of("10." + i + ".0.0/16", "*.d" + i + ".example", "h" + i)));
    }
    for (int i = 0; i < 200; i++) {
      lists.add(HostPatterns.of(List.of("db-*.r" + i + ".example", "api" + i + ".*", "c?" + i)));
    }
    HostIndex index = new HostIndex(lists);
    for (String written :
        List.of(
            "10.7.1.1",
            "x.d9.example",
            "h3",
            "h3:81",
            "db-7.r5.example",
            "db-.r5.example",
            "a.db-7.r5.example",
            "api5.example",
            "cx8",
            "«X»",
            "«X».d9.example",
            "«X»d9.example",
            "db-«X».r5.example",
            "",
            "127.1",
            "10.«X»",
            "10.7.«X»")) {
      CanonicalHost host = CanonicalHost.of(Written.value(written));
      BitSet found = new BitSet();
      index.concerned(host, found::set);
      for (int i = 0; i < lists.size(); i++) {
        assertThat(found.get(i))
            .as("%s in %s", written, lists.get(i).texts())
            .isEqualTo(lists.get(i).isConcerned(host))
            .isEqualTo(lists.get(i).concerns(host) == Relation.YES);
      }
    }
  }
}
