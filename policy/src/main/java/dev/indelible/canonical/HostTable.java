// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.CanonicalHost.Reading;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A table of host patterns, which compares a host with all of them at once.
 *
 * <p>The time depends on the number of globs that do not end in a domain, but not on the number of
 * other patterns. Filled by one thread, then read by any number.
 */
final class HostTable {
  /** A pattern's number, and the port that it is limited to; -1 for any. */
  private record Entry(int pattern, int port) {
    Relation with(Relation relation, int actual) {
      if (port < 0 || port == actual) {
        return relation;
      }
      return actual < 0 ? Relation.MAYBE : Relation.NO;
    }
  }

  private record Globbed(NameGlob glob, Entry entry) {
    /** Returns the literal end of a glob, from a dot on; empty if there is none. */
    static String domain(String glob) {
      int star = Math.max(glob.lastIndexOf('*'), glob.lastIndexOf('?'));
      int dot = glob.indexOf('.', star);
      return dot < 0 ? "" : glob.substring(dot);
    }
  }

  /** The addresses that have their first bits in common. */
  private record Range(IpAddress first, int bits) {
    boolean contains(IpAddress address) {
      return address.isV4() == first.isV4() && address.masked(bits).equals(first);
    }
  }

  private final Map<String, List<Entry>> names = new HashMap<>();

  /** Keyed by the text after the asterisk, for example {@code .example.com}. */
  private final Map<String, List<Entry>> domains = new HashMap<>();

  private final Map<Range, List<Entry>> ranges = new HashMap<>();
  private final TreeSet<Integer> v4Bits = new TreeSet<>();
  private final TreeSet<Integer> v6Bits = new TreeSet<>();

  /** Other globs, keyed by the domain at their end, or by the empty text. */
  private final Map<String, List<Globbed>> globs = new HashMap<>();

  private final List<Entry> everything = new ArrayList<>();

  void add(HostPattern pattern, int number) {
    Entry entry = new Entry(number, pattern.port());
    IpAddress address = pattern.address();
    if (address != null) {
      (address.isV4() ? v4Bits : v6Bits).add(pattern.bits());
      put(ranges, new Range(address.masked(pattern.bits()), pattern.bits()), entry);
    } else if (pattern.name().equals("*")) {
      everything.add(entry);
    } else if (pattern.isDomain()) {
      put(domains, pattern.name().substring(1), entry);
    } else if (pattern.isGlob()) {
      NameGlob glob = new NameGlob.Builder(true).glob(pattern.name()).build(false);
      put(globs, Globbed.domain(pattern.name()), new Globbed(glob, entry));
    } else {
      put(names, pattern.name(), entry);
    }
  }

  private static <K, V> void put(Map<K, List<V>> map, K key, V value) {
    map.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  /** Reports the patterns that match a host. */
  void concerned(CanonicalHost host, Found found) {
    for (Reading reading : host.readings()) {
      certain(reading, found);
      if (!reading.isKnown()) {
        possible(reading, found);
      }
    }
  }

  /** Reports the patterns that certainly match a host. */
  void certain(CanonicalHost host, IntConsumer found) {
    Found certain =
        (pattern, relation) -> {
          if (relation == Relation.YES) {
            found.accept(pattern);
          }
        };
    for (Reading reading : host.readings()) {
      certain(reading, certain);
    }
  }

  private void certain(Reading reading, Found found) {
    report(everything, Relation.YES, reading.port(), found);
    if (reading.isKnown()) {
      known(reading, found);
      return;
    }
    String text = reading.name();
    domains(text.substring(text.lastIndexOf('*') + 1), reading.port(), found);
    Range known = range(text);
    if (known != null) {
      ranges(known.first, known.bits, reading.port(), found);
    }
  }

  private void known(Reading reading, Found found) {
    name(reading.name(), reading.port(), found);
    for (IpAddress address : reading.addresses()) {
      ranges(address, address.length(), reading.port(), found);
      if (!globs.isEmpty()) {
        globs(address.display(), reading.port(), found);
      }
    }
  }

  /** Reports the ranges that contain an address and have at most {@code maxBits} bits. */
  private void ranges(IpAddress address, int maxBits, int port, Found found) {
    for (int bits : address.isV4() ? v4Bits : v6Bits) {
      if (bits <= maxBits) {
        report(ranges.get(new Range(address.masked(bits), bits)), Relation.YES, port, found);
      }
    }
  }

  private void name(String name, int port, Found found) {
    report(names.get(name), Relation.YES, port, found);
    domains(name, port, found);
    globs(name, port, found);
  }

  private void domains(String name, int port, Found found) {
    if (!domains.isEmpty()) {
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        report(domains.get(name.substring(dot)), Relation.YES, port, found);
      }
    }
  }

  private void globs(String name, int port, Found found) {
    if (!globs.isEmpty()) {
      globs(globs.get(""), name, port, found);
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        globs(globs.get(name.substring(dot)), name, port, found);
      }
    }
  }

  private static void globs(@Nullable List<Globbed> globs, String name, int port, Found found) {
    if (globs != null) {
      for (Globbed globbed : globs) {
        if (globbed.glob.matches(name)) {
          found(globbed.entry, Relation.YES, port, found);
        }
      }
    }
  }

  /** Reports the patterns that may match a host with an unknown part. */
  private void possible(Reading reading, Found found) {
    String text = reading.name();
    NameGlob glob = new NameGlob.Builder(true).glob(text).build(false);
    names.forEach(
        (name, entries) -> {
          if (glob.matches(name)) {
            report(entries, Relation.MAYBE, reading.port(), found);
          }
        });
    domains.forEach(
        (domain, entries) -> {
          NameGlob below = new NameGlob.Builder(true).star().literal(domain).build(false);
          if (below.intersects(glob)) {
            report(entries, Relation.MAYBE, reading.port(), found);
          }
        });
    for (List<Globbed> ofDomain : globs.values()) {
      for (Globbed globbed : ofDomain) {
        if (globbed.glob.intersects(glob)) {
          found(globbed.entry, Relation.MAYBE, reading.port(), found);
        }
      }
    }
    Range known = range(text);
    boolean isName = known == null && hasLetter(text);
    ranges.forEach(
        (range, entries) -> {
          if (!isName && (known == null || known.contains(range.first))) {
            report(entries, Relation.MAYBE, reading.port(), found);
          }
        });
  }

  /**
   * Returns the range of an address of which only the first numbers are known, for example {@code
   * 10.*}; null for any other text.
   */
  private static @Nullable Range range(String text) {
    String[] parts = text.split("\\.", -1);
    long address = 0;
    int count = 0;
    while (count < parts.length - 1 && parts[count].length() <= 3 && isNumber(parts[count])) {
      address = address << 8 | Integer.parseInt(parts[count]) & 255;
      count++;
    }
    if (count == 0 || count > 3 || !parts[count].equals("*") || hasLetter(text)) {
      return null;
    }
    return new Range(IpAddress.v4(address << 8 * (4 - count)), 8 * count);
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static boolean hasLetter(String text) {
    return text.replace("0x", "").chars().anyMatch(c -> c >= 'a' && c <= 'z' || c == '_');
  }

  private static void report(
      @Nullable List<Entry> entries, Relation relation, int port, Found found) {
    if (entries != null) {
      for (Entry entry : entries) {
        found(entry, relation, port, found);
      }
    }
  }

  private static void found(Entry entry, Relation relation, int port, Found found) {
    Relation limited = entry.with(relation, port);
    if (limited != Relation.NO) {
      found.found(entry.pattern, limited);
    }
  }
}
