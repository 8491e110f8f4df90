// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A host pattern in a policy: a name, a glob in which {@code *} crosses dots, an address, or a
 * range of addresses. A port may follow, or stand alone.
 *
 * @param text as written
 * @param name in lower case; empty for an address
 * @param address the address, or the first address of a range; null for a name
 * @param bits the number of leading bits of the address that count
 * @param port -1 for any
 */
record HostPattern(String text, String name, @Nullable IpAddress address, int bits, int port) {
  private static final int MAX_CHARS = 512;
  private static final int MAX_PORT = 65_535;

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException if it has an error, or can never match; the message says which
   */
  static HostPattern parse(String text) {
    if (text.isEmpty() || text.length() > MAX_CHARS) {
      throw bad(text, "a pattern has 1 to " + MAX_CHARS + " characters");
    }
    if (text.indexOf('/') >= 0) {
      return range(text);
    }
    int bracket = text.startsWith("[") ? text.indexOf(']') : -1;
    int colon = text.indexOf(':', bracket + 1);
    boolean isBareV6 = bracket < 0 && colon >= 0 && text.indexOf(':', colon + 1) >= 0;
    int port = colon < 0 || isBareV6 ? -1 : port(text.substring(colon + 1), text);
    String host = colon < 0 || isBareV6 ? text : text.substring(0, colon);
    if (host.isEmpty()) {
      return new HostPattern(text, "*", null, 0, port);
    }
    if (host.indexOf('*') >= 0 || host.indexOf('?') >= 0) {
      return new HostPattern(text, glob(host, text), null, 0, port);
    }
    CanonicalHost canonical = CanonicalHost.of(host, port);
    if (canonical.kind() != CanonicalHost.Kind.HOST || host.indexOf('@') >= 0) {
      throw bad(text, canonical.problem().orElse("give a host without scheme, user and path"));
    }
    CanonicalHost.Reading reading = canonical.readings().get(0);
    boolean isAddress =
        !reading.addresses().isEmpty()
            && reading.addresses().get(0).display().equals(reading.name());
    if (isAddress && reading.addresses().get(0).isV4() && canonical.readings().size() > 1
        || isCutV4(host)) {
      throw bad(text, "clients differ in their reading of the address; write it as four numbers");
    }
    return isAddress
        ? new HostPattern(
            text, "", reading.addresses().get(0), reading.addresses().get(0).length(), port)
        : new HostPattern(text, reading.name(), null, 0, port);
  }

  private static boolean isCutV4(String host) {
    return !IpAddress.readV4(host).isEmpty() && !IpAddress.isV4(host);
  }

  private static HostPattern range(String text) {
    int slash = text.indexOf('/');
    CanonicalHost host = CanonicalHost.of(text.substring(0, slash), -1);
    IpAddress address =
        host.readings().isEmpty() || host.readings().get(0).addresses().isEmpty()
            ? null
            : host.readings().get(0).addresses().get(0);
    int bits = number(text.substring(slash + 1));
    if (address == null || !address.display().equals(host.display())) {
      throw bad(text, "give a host without scheme and path, or an address range like 10.0.0.0/8");
    }
    if (bits < 0 || bits > address.length()) {
      throw bad(text, "a range has 0 to " + address.length() + " bits");
    }
    if (!address.masked(bits).equals(address)) {
      throw bad(text, "the range begins with " + address.masked(bits).display());
    }
    return new HostPattern(text, "", address, bits, -1);
  }

  private static String glob(String host, String text) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean isPart = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || "-._*?:".indexOf(c) >= 0;
      if (!isPart) {
        throw bad(
            text,
            "a host glob has only letters, digits and -_.*?; write an international name in its"
                + " xn-- form, and leave out scheme and path");
      }
    }
    if (name.contains("**")) {
      throw bad(text, "* crosses dots, so ** is not needed");
    }
    return name;
  }

  private static int port(String digits, String text) {
    int port = number(digits);
    if (port < 0 || port > MAX_PORT) {
      throw bad(text, "a port is a number up to " + MAX_PORT);
    }
    return port;
  }

  private static int number(String digits) {
    boolean isNumber =
        !digits.isEmpty()
            && digits.length() <= 6
            && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return isNumber ? Integer.parseInt(digits) : -1;
  }

  /** Returns true if it is {@code *.} followed by a domain. */
  boolean isDomain() {
    return name.startsWith("*.") && name.indexOf('*', 1) < 0 && name.indexOf('?') < 0;
  }

  boolean isGlob() {
    return name.indexOf('*') >= 0 || name.indexOf('?') >= 0;
  }

  private static IllegalArgumentException bad(String pattern, String why) {
    return new IllegalArgumentException("bad host pattern \"" + pattern + "\": " + why);
  }
}
