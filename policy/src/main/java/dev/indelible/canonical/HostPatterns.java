// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.ArrayList;
import java.util.List;

/**
 * Patterns of hosts, some of which may be exceptions.
 *
 * <p>Each is a {@linkplain HostPattern pattern}, or the name of a set, for example
 * {@code @metadata}. A {@code !} in front makes it an exception from the whole list.
 *
 * <p>Immutable.
 */
public final class HostPatterns {
  private final List<String> texts;
  private final List<HostPattern> patterns;
  private final HostTable table = new HostTable();
  private final HostTable exceptions = new HostTable();
  private final boolean hasExceptions;

  private HostPatterns(
      List<String> texts, List<HostPattern> patterns, List<HostPattern> exceptions) {
    this.texts = List.copyOf(texts);
    this.patterns = List.copyOf(patterns);
    patterns.forEach(pattern -> table.add(pattern, 0));
    exceptions.forEach(pattern -> this.exceptions.add(pattern, 0));
    hasExceptions = !exceptions.isEmpty();
  }

  /**
   * Compiles patterns.
   *
   * @throws IllegalArgumentException if one has an error, can never match, or names no set; the
   *     message says which and why
   */
  public static HostPatterns of(List<String> texts) {
    List<HostPattern> patterns = new ArrayList<>();
    List<HostPattern> exceptions = new ArrayList<>();
    for (String text : texts) {
      boolean isException = text.startsWith("!");
      String pattern = isException ? text.substring(1) : text;
      List<String> members =
          pattern.startsWith("@")
              ? NamedSets.HOSTS.members(pattern.substring(1))
              : List.of(pattern);
      for (String member : members) {
        (isException ? exceptions : patterns).add(HostPattern.parse(member));
      }
    }
    if (patterns.isEmpty()) {
      throw new IllegalArgumentException("a list of host patterns needs one that is no exception");
    }
    return new HostPatterns(texts, patterns, exceptions);
  }

  /** Returns the patterns as written. */
  public List<String> texts() {
    return texts;
  }

  List<HostPattern> patterns() {
    return patterns;
  }

  /**
   * Returns how certainly the patterns match a connection to the host. If clients read the host in
   * several ways, one matching reading is enough.
   */
  public Relation concerns(CanonicalHost host) {
    if (host.isOpaque()) {
      return Relation.YES;
    }
    Relation[] most = {Relation.NO};
    table.concerned(
        host,
        (pattern, relation) -> {
          if (relation.compareTo(most[0]) > 0) {
            most[0] = relation;
          }
        });
    return most[0] != Relation.NO && isException(host) ? Relation.NO : most[0];
  }

  /**
   * Returns true if the patterns certainly match the host. Faster than {@link #concerns} for hosts
   * with unknown parts.
   */
  public boolean isConcerned(CanonicalHost host) {
    return host.isOpaque() || isCertain(host, table) && !isException(host);
  }

  private static boolean isCertain(CanonicalHost host, HostTable table) {
    boolean[] isFound = {false};
    table.certain(host, pattern -> isFound[0] = true);
    return isFound[0];
  }

  boolean isException(CanonicalHost host) {
    return hasExceptions && includes(host, exceptions);
  }

  /** Returns true if every reading of the host is known and in the table. */
  private static boolean includes(CanonicalHost host, HostTable table) {
    if (host.kind() != CanonicalHost.Kind.HOST) {
      return false;
    }
    for (CanonicalHost.Reading reading : host.readings()) {
      if (!isCertain(CanonicalHost.host(List.of(reading)), table)) {
        return false;
      }
    }
    return true;
  }
}
