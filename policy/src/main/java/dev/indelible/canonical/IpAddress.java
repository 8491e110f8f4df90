// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An address of the Internet Protocol.
 *
 * @param high the first 64 bits of an IPv6 address, 0 for an IPv4 address
 * @param low the last 64 bits of an IPv6 address, or the 32 bits of an IPv4 address
 */
record IpAddress(long high, long low, boolean isV4) {
  private static final long WORD = 0xffffffffL;

  static IpAddress v4(long address) {
    return new IpAddress(0, address & WORD, true);
  }

  /**
   * Returns the IPv4 addresses that clients read in a text of one to four numbers; empty for any
   * other text. The first is the reading of {@code inet_aton} and of browsers: numbers may be octal
   * or hexadecimal, and the last one fills the remaining bytes. Other clients read numbers with
   * leading zeros as decimal, or truncate numbers that are too large.
   */
  static List<IpAddress> readV4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length > 4) {
      return List.of();
    }
    Set<IpAddress> readings = new LinkedHashSet<>();
    add(readV4(parts, true, false), readings);
    add(readV4(parts, false, false), readings);
    add(readV4(parts, true, true), readings);
    return List.copyOf(readings);
  }

  /** Returns true if {@code inet_aton} reads the text as an address. */
  static boolean isV4(String text) {
    String[] parts = text.split("\\.", -1);
    return parts.length <= 4 && readV4(parts, true, false) != null;
  }

  private static void add(@Nullable IpAddress address, Set<IpAddress> readings) {
    if (address != null) {
      readings.add(address);
    }
  }

  private static @Nullable IpAddress readV4(String[] parts, boolean isOctal, boolean isCut) {
    long address = 0;
    for (int i = 0; i < parts.length; i++) {
      boolean isLast = i == parts.length - 1;
      int bits = isLast ? 8 * (4 - i) : 8;
      long number = number(parts[i], isOctal);
      if (number < 0 || !isCut && number >= 1L << bits) {
        return null;
      }
      address = address << bits | number & (1L << bits) - 1;
    }
    return v4(address);
  }

  /**
   * Returns a number, of which at least the last 32 bits are exact; -1 if the text is not a number.
   */
  private static long number(String text, boolean isOctal) {
    int radix = 10;
    int from = 0;
    if (text.startsWith("0x")) {
      radix = 16;
      from = 2;
    } else if (isOctal && text.length() > 1 && text.charAt(0) == '0') {
      radix = 8;
      from = 1;
    }
    long number = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, radix) : -1;
      if (digit < 0) {
        return -1;
      }
      number = number * radix + digit;
      // Keeps the bits that count, and the fact that there are more.
      number = number < 1L << 56 ? number : number & (1L << 56) - 1 | 1L << 40;
    }
    return text.isEmpty() ? -1 : number;
  }

  /**
   * Reads an IPv6 address without brackets, and ignores its zone. Returns null for any other text.
   */
  static @Nullable IpAddress readV6(String written) {
    int zone = written.indexOf('%');
    String text = zone < 0 ? written : written.substring(0, zone);
    int gap = text.indexOf("::");
    int[] groups = new int[8];
    if (gap < 0) {
      return groups(text, groups, 0) == 8 ? of(groups) : null;
    }
    int[] tail = new int[8];
    int before = gap == 0 ? 0 : groups(text.substring(0, gap), groups, 0);
    String rest = text.substring(gap + 2);
    int after = rest.isEmpty() ? 0 : groups(rest, tail, 0);
    if (before < 0 || after < 0 || before + after > 7) {
      return null;
    }
    System.arraycopy(tail, 0, groups, 8 - after, after);
    return of(groups);
  }

  /**
   * Reads groups of up to four digits and returns their number; -1 if the text has anything else.
   */
  private static int groups(String text, int[] groups, int from) {
    int count = from;
    String[] parts = text.split(":", -1);
    for (int i = 0; i < parts.length; i++) {
      String part = parts[i];
      if (i == parts.length - 1 && part.indexOf('.') > 0) {
        List<IpAddress> last = part.split("\\.", -1).length == 4 ? readV4(part) : List.of();
        if (last.isEmpty() || count > 6) {
          return -1;
        }
        groups[count++] = (int) (last.get(0).low >> 16);
        groups[count++] = (int) (last.get(0).low & 0xffff);
        continue;
      }
      if (part.isEmpty() || part.length() > 4 || count == 8) {
        return -1;
      }
      int group = 0;
      for (int k = 0; k < part.length(); k++) {
        char c = part.charAt(k);
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
          return -1;
        }
        group = group << 4 | digit;
      }
      groups[count++] = group;
    }
    return count;
  }

  private static IpAddress of(int[] groups) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < 4; i++) {
      high = high << 16 | groups[i];
      low = low << 16 | groups[i + 4];
    }
    return new IpAddress(high, low, false);
  }

  /**
   * Returns this address, and the IPv4 addresses that a translator or tunnel reaches through it.
   */
  List<IpAddress> withEmbedded() {
    if (isV4) {
      return List.of(this);
    }
    List<IpAddress> all = new ArrayList<>();
    boolean isMapped = high == 0 && low >>> 32 == 0xffff;
    if (isMapped) {
      // A mapped address is the IPv4 address itself, not a way to it.
      all.add(v4(low));
    }
    all.add(this);
    boolean isCompatible = high == 0 && low >>> 32 == 0 && low > 1;
    boolean isTranslated = high == 0 && low >>> 32 == 0xffff0000L;
    boolean isNat64 = high == 0x64ff9b_0000_0000L && low >>> 32 == 0;
    boolean isLocalNat64 = high >>> 16 == 0x64ff9b_0001L;
    long identifier = low >>> 32;
    boolean isIsatap = identifier == 0x5efe || identifier == 0x2005efeL;
    if (isCompatible || isTranslated || isNat64 || isLocalNat64 || isIsatap) {
      all.add(v4(low));
    }
    if (isLocalNat64) {
      // RFC 6052 skips the byte after the first 64 bits.
      all.add(v4((high & 0xffff) << 16 | low >>> 40 & 0xffff));
    }
    if (high >>> 48 == 0x2002) {
      all.add(v4(high >>> 16));
    }
    if (high >>> 32 == 0x20010000L) {
      // Teredo: the server, and the client with its bits inverted.
      all.add(v4(high));
      all.add(v4(~low));
    }
    return List.copyOf(new LinkedHashSet<>(all));
  }

  /** Returns the address with all but its first bits set to 0. */
  IpAddress masked(int bits) {
    if (isV4) {
      return bits == 0 ? v4(0) : v4(low & WORD << 32 - bits);
    }
    long highMask = bits == 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    long lowMask = bits <= 64 ? 0 : -1L << 128 - bits;
    return new IpAddress(high & highMask, low & lowMask, false);
  }

  boolean isLoopback() {
    return isV4 ? low >>> 24 == 127 : high == 0 && low == 1;
  }

  int length() {
    return isV4 ? 32 : 128;
  }

  /** Returns the address in the form of RFC 5952, without brackets. */
  String display() {
    if (isV4) {
      return (low >> 24) + "." + (low >> 16 & 255) + "." + (low >> 8 & 255) + "." + (low & 255);
    }
    int[] groups = new int[8];
    for (int i = 0; i < 4; i++) {
      groups[i] = (int) (high >>> 48 - 16 * i & 0xffff);
      groups[i + 4] = (int) (low >>> 48 - 16 * i & 0xffff);
    }
    int gap = -1;
    int gapLength = 1;
    for (int i = 0; i < 8; i++) {
      int end = i;
      while (end < 8 && groups[end] == 0) {
        end++;
      }
      if (end - i > gapLength) {
        gap = i;
        gapLength = end - i;
      }
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == gap) {
        out.append("::");
        i += gapLength - 1;
      } else {
        boolean isFirst = out.isEmpty() || out.charAt(out.length() - 1) == ':';
        out.append(isFirst ? "" : ":").append(Integer.toHexString(groups[i]));
      }
    }
    return out.toString();
  }
}
