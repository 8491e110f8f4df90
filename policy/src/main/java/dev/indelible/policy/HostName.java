// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Normalises hosts for matching.
 *
 * <p>The normal form is in lower case, without the final dot; an international name is in its ASCII
 * form; an IPv4 address is four decimal numbers, whatever its notation ({@code 127.1}, {@code
 * 0x7f000001}); an IPv6 address is eight numbers without brackets and zone, or the IPv4 address
 * that it wraps. No name is looked up.
 */
final class HostName {
  private static final String NOT_A_HOST =
      "%s is not a host; give a name or an address, without scheme, user, port or path";
  private static final Pattern NAME = Pattern.compile("[a-z0-9_.-]+");
  private static final Pattern NAME_GLOB = Pattern.compile("[a-z0-9_.:?*-]+");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");

  private HostName() {}

  /**
   * Returns the normal form of {@code host}.
   *
   * @throws IllegalArgumentException if it is neither a host name nor an address
   */
  static String normalise(String host) {
    String name = withoutRootDot(ascii(host).toLowerCase(Locale.ROOT));
    if (name.indexOf(':') >= 0) {
      return ipv6(name, host);
    }
    if (!NAME.matcher(name).matches()) {
      throw notAHost(host);
    }
    boolean isAddress = NUMBER.matcher(name.substring(name.lastIndexOf('.') + 1)).matches();
    return isAddress ? ipv4(name, host) : name;
  }

  /**
   * Compiles a glob for normal forms; a host has no {@code /}, so {@code *} crosses its dots.
   *
   * @throws IllegalArgumentException if it is invalid, or could never match a normal form
   */
  static Glob glob(String pattern) {
    if (pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0) {
      return Glob.compile(normalise(pattern));
    }
    String name = withoutRootDot(pattern.toLowerCase(Locale.ROOT));
    if (!NAME_GLOB.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "bad glob %s: a host glob has only letters, digits and -_.:*?; write an international"
                  .formatted(Quoted.of(pattern))
              + " name in its xn-- form, and leave out scheme, port and path");
    }
    return Glob.compile(name);
  }

  private static String ascii(String host) {
    boolean isAscii = host.chars().allMatch(c -> c < 0x80);
    return isAscii ? host : IDN.toASCII(host);
  }

  private static String withoutRootDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static String ipv6(String name, String host) {
    boolean bracketed = name.startsWith("[") && name.endsWith("]");
    String address = bracketed ? name.substring(1, name.length() - 1) : name;
    int zone = address.indexOf('%');
    try {
      // In brackets it is parsed or refused, and never looked up.
      return InetAddress.getByName("[" + (zone < 0 ? address : address.substring(0, zone)) + "]")
          .getHostAddress();
    } catch (UnknownHostException e) {
      throw notAHost(host);
    }
  }

  /**
   * Reads an IPv4 address as {@code inet_aton} does: one to four numbers, decimal, octal or
   * hexadecimal, the last of which fills the remaining bytes.
   */
  private static String ipv4(String name, String host) {
    String[] parts = name.split("\\.", -1);
    if (parts.length > 4) {
      throw notAHost(host);
    }
    long address = 0;
    for (int i = 0; i < parts.length; i++) {
      boolean last = i == parts.length - 1;
      int bytes = last ? 4 - i : 1;
      long value = number(parts[i], host);
      if (value >= 1L << 8 * bytes) {
        throw notAHost(host);
      }
      address = address << 8 * bytes | value;
    }
    return "%s.%s.%s.%s"
        .formatted(address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
  }

  private static long number(String text, String host) {
    if (!NUMBER.matcher(text).matches()) {
      throw notAHost(host);
    }
    try {
      if (text.startsWith("0x")) {
        return text.length() == 2 ? 0 : Long.parseLong(text.substring(2), 16);
      }
      return Long.parseLong(text, text.startsWith("0") ? 8 : 10);
    } catch (NumberFormatException e) {
      throw notAHost(host);
    }
  }

  private static IllegalArgumentException notAHost(String host) {
    return new IllegalArgumentException(NOT_A_HOST.formatted(Quoted.of(host)));
  }
}
