// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host of a URL, {@code host:port}, {@code user@host:path} or a name, in the one form in which
 * rules compare it: a lower-case ASCII name or an address, with any addresses that are embedded in
 * it. No name is looked up.
 *
 * <p>If clients read a text in different ways, the host has all of these readings.
 *
 * <p>Immutable.
 */
public final class CanonicalHost {
  /** The kinds of destinations. */
  public enum Kind {
    /** A host; a part of it may be unknown. */
    HOST,
    /** A file, by a {@code file:} URL or a plain path. */
    FILE,
    /** Nothing outside the machine: a Unix socket, or data in the URL itself. */
    LOCAL,
    /** It cannot be read. */
    OPAQUE
  }

  /**
   * A way to read a host.
   *
   * @param name without a final dot; a {@code *} replaces each unknown text
   * @param addresses the address itself, or those embedded in the name; empty for other names
   * @param port -1 if none is known
   */
  record Reading(String name, List<IpAddress> addresses, int port) {
    Reading {
      addresses = List.copyOf(addresses);
    }

    boolean isKnown() {
      return name.indexOf('*') < 0;
    }
  }

  private final Kind kind;
  private final List<Reading> readings;
  private final String text;
  private final @Nullable String problem;

  private CanonicalHost(Kind kind, List<Reading> readings, String text, @Nullable String problem) {
    this.kind = kind;
    this.readings = List.copyOf(readings);
    this.text = text;
    this.problem = problem;
  }

  static CanonicalHost host(List<Reading> readings) {
    return new CanonicalHost(Kind.HOST, readings, "", null);
  }

  static CanonicalHost file(String text) {
    return new CanonicalHost(Kind.FILE, List.of(), text, null);
  }

  static CanonicalHost local(String text) {
    return new CanonicalHost(Kind.LOCAL, List.of(), text, null);
  }

  static CanonicalHost opaque(String text, String problem) {
    return new CanonicalHost(Kind.OPAQUE, List.of(), text, problem);
  }

  /** Returns the host of a URL, or a host in any spelling. */
  public static CanonicalHost of(Value value) {
    return HostReader.read(value, -1);
  }

  /**
   * Returns the host of a request.
   *
   * @param port -1 if it is unknown
   */
  public static CanonicalHost of(String host, int port) {
    return HostReader.read(Value.of(host), port);
  }

  /**
   * Returns the host of a request.
   *
   * @param port -1 if it is unknown; the scheme's default port is used then
   */
  public static CanonicalHost ofRequest(String scheme, String host, int port) {
    return of(host, HostReader.defaultPort(port, scheme.toLowerCase(Locale.ROOT)));
  }

  /** Returns the kind. */
  public Kind kind() {
    return kind;
  }

  /** Returns true if the host cannot be read. Then every pattern counts as possibly matching. */
  public boolean isOpaque() {
    return kind == Kind.OPAQUE;
  }

  /** Returns the reason that it cannot be read; empty if it can be read. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /** Returns true if the host is known as a whole. */
  public boolean isKnown() {
    return kind == Kind.HOST && readings.stream().allMatch(Reading::isKnown);
  }

  /** Returns true if a reading of the host is this machine. */
  boolean isLoopback() {
    for (Reading reading : readings) {
      for (IpAddress address : reading.addresses()) {
        if (address.isLoopback()) {
          return true;
        }
      }
    }
    return false;
  }

  List<Reading> readings() {
    return readings;
  }

  /** Returns the names of all readings; the name of an address is the address. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    readings.forEach(reading -> names.add(reading.name()));
    return names;
  }

  /** Returns the addresses of all readings, for example {@code 127.0.0.1}. */
  public List<String> addresses() {
    List<String> addresses = new ArrayList<>();
    readings.forEach(reading -> reading.addresses().forEach(a -> addresses.add(a.display())));
    return addresses;
  }

  /** Returns the port of the first reading; -1 if it is unknown. */
  public int port() {
    return readings.isEmpty() ? -1 : readings.get(0).port();
  }

  /** Returns the host without its port, as text; the original text if it is not a host. */
  public String display() {
    return readings.isEmpty() ? text : readings.get(0).name();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CanonicalHost host
        && kind == host.kind
        && readings.equals(host.readings)
        && text.equals(host.text);
  }

  @Override
  public int hashCode() {
    return 31 * readings.hashCode() + text.hashCode();
  }

  @Override
  public String toString() {
    return display();
  }
}
