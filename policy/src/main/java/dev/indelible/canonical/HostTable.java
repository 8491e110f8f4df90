// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.CanonicalHost.Reading;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Patterns of hosts in one table, by which all of them are compared with a host at once.
 *
 * <p>The time does not grow with the number of names, domains and address ranges, only with that of
 * other globs. Filled by one thread, then read by any number.
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

  private record Globbed(NameGlob glob, Entry entry) {}

  /** The addresses that have their first bits in common. */
  private record Range(IpAddress first, int bits) {
    boolean contains(IpAddress address) {
      return address.isV4() == first.isV4() && address.masked(bits).equals(first);
    }
  }

  private final Map<String, List<Entry>> names = new HashMap<>();

  /** By what follows the asterisk, for example {@code .example.com}. */
  private final Map<String, List<Entry>> domains = new HashMap<>();

  private final Map<Range, List<Entry>> ranges = new HashMap<>();
  private final TreeSet<Integer> v4Bits = new TreeSet<>();
  private final TreeSet<Integer> v6Bits = new TreeSet<>();
  private final List<Globbed> globs = new ArrayList<>();
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
      globs.add(new Globbed(new NameGlob.Builder(true).glob(pattern.name()).build(false), entry));
    } else {
      put(names, pattern.name(), entry);
    }
  }

  private static <K> void put(Map<K, List<Entry>> map, K key, Entry entry) {
    map.computeIfAbsent(key, k -> new ArrayList<>()).add(entry);
  }

  /** Reports the patterns that a host concerns. */
  void concerned(CanonicalHost host, Found found) {
    for (Reading reading : host.readings()) {
      report(everything, Relation.YES, reading.port(), found);
      if (reading.isKnown()) {
        known(reading, found);
      } else {
        partlyKnown(reading, found);
      }
    }
  }

  private void known(Reading reading, Found found) {
    name(reading.name(), reading.port(), found);
    for (IpAddress address : reading.addresses()) {
      for (int bits : address.isV4() ? v4Bits : v6Bits) {
        List<Entry> entries = ranges.get(new Range(address.masked(bits), bits));
        report(entries, Relation.YES, reading.port(), found);
      }
      if (!globs.isEmpty()) {
        globs(address.display(), reading.port(), found);
      }
    }
  }

  private void name(String name, int port, Found found) {
    report(names.get(name), Relation.YES, port, found);
    if (!domains.isEmpty()) {
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        report(domains.get(name.substring(dot)), Relation.YES, port, found);
      }
    }
    globs(name, port, found);
  }

  private void globs(String name, int port, Found found) {
    for (Globbed globbed : globs) {
      if (globbed.glob.matches(name)) {
        found(globbed.entry, Relation.YES, port, found);
      }
    }
  }

  private void partlyKnown(Reading reading, Found found) {
    String text = reading.name();
    NameGlob glob = new NameGlob.Builder(true).glob(text).build(false);
    String end = text.substring(text.lastIndexOf('*') + 1);
    names.forEach(
        (name, entries) -> {
          if (glob.matches(name)) {
            report(entries, Relation.MAYBE, reading.port(), found);
          }
        });
    domains.forEach(
        (domain, entries) -> {
          NameGlob below = new NameGlob.Builder(true).star().literal(domain).build(false);
          if (end.endsWith(domain)) {
            report(entries, Relation.YES, reading.port(), found);
          } else if (below.intersects(glob)) {
            report(entries, Relation.MAYBE, reading.port(), found);
          }
        });
    for (Globbed globbed : globs) {
      if (globbed.glob.intersects(glob)) {
        found(globbed.entry, Relation.MAYBE, reading.port(), found);
      }
    }
    Range known = range(text);
    boolean isName = known == null && hasLetter(text);
    ranges.forEach(
        (range, entries) -> {
          Relation relation = known == null ? Relation.MAYBE : relation(known, range);
          if (!isName) {
            report(entries, relation, reading.port(), found);
          }
        });
  }

  /** Returns the range of an address whose first numbers are known, {@code 10.*}; null if none. */
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

  private static Relation relation(Range known, Range range) {
    if (range.bits <= known.bits) {
      return range.contains(known.first) ? Relation.YES : Relation.NO;
    }
    return known.contains(range.first) ? Relation.MAYBE : Relation.NO;
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
