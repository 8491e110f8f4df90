// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.CanonicalHost.Reading;
import dev.indelible.value.Value;
import java.net.IDN;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a URL or host in any spelling.
 *
 * <p>The class is long because each spelling of an address (decimal, octal, IPv6, embedded IPv4,
 * IDN) has its own small reader.
 */
final class HostReader {
  static final int MAX_CHARS = 32_768;

  /** The limit of a name in DNS. */
  private static final int MAX_NAME_CHARS = 253;

  /** Replaces an unknown piece in the text. */
  private static final char MARK = '\ue000';

  private static final String WILDCARD_DNS = "wildcard_dns";
  private static final Set<String> WILDCARD_DOMAINS =
      Set.copyOf(NamedSets.HOSTS.members(WILDCARD_DNS));
  private static final Set<String> LOOPBACK_DOMAINS =
      Set.copyOf(NamedSets.HOSTS.members("loopback_names"));
  private static final List<IpAddress> LOOPBACK =
      List.of(IpAddress.v4(0x7f000001), new IpAddress(0, 1, false));

  private final Value written;
  private final List<Reading> readings = new ArrayList<>(1);
  private @Nullable String problem;

  private HostReader(Value written) {
    this.written = written;
  }

  static CanonicalHost read(Value value, int port) {
    return new HostReader(value).read(stripped(marked(value.pieces())), port);
  }

  private static String marked(List<Value.Piece> pieces) {
    if (pieces.size() == 1 && pieces.get(0) instanceof Value.Known known) {
      return known.text();
    }
    StringBuilder text = new StringBuilder();
    for (Value.Piece piece : pieces) {
      if (piece instanceof Value.Known known) {
        text.append(known.text());
      } else if (piece instanceof Value.Glob glob) {
        text.append(glob.glob());
      } else {
        text.append(MARK);
      }
    }
    return text.toString();
  }

  /**
   * Returns the text without the characters that clients drop: blanks around it, tabs and line ends
   * in it.
   */
  private static String stripped(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && text.charAt(start) <= ' ') {
      start++;
    }
    while (end > start && text.charAt(end - 1) <= ' ') {
      end--;
    }
    String inner = text.substring(start, end);
    boolean isClean = inner.indexOf('\t') < 0 && inner.indexOf('\n') < 0 && inner.indexOf('\r') < 0;
    return isClean ? inner : inner.replace("\t", "").replace("\n", "").replace("\r", "");
  }

  private CanonicalHost read(String text, int givenPort) {
    if (text.isEmpty() || text.length() > MAX_CHARS) {
      return CanonicalHost.opaque(
          written.display(), text.isEmpty() ? "the host is empty" : "the URL is too long");
    }
    String scheme = scheme(text);
    String rest = text.substring(scheme.isEmpty() ? 0 : scheme.length() + 1);
    if (!scheme.isEmpty() && isPort(rest) && !rest.isEmpty()) {
      // A host with a port, for example data:8080.
      scheme = "";
      rest = text;
    }
    switch (scheme) {
      case "" -> {
        if (isPath(text)) {
          return CanonicalHost.file(written.display());
        }
        authority(withoutSlashes(text, false), defaultPort(givenPort, ""), true);
      }
      case "file" -> {
        return CanonicalHost.file(written.display());
      }
      case "unix", "npipe", "data", "about", "blob", "javascript", "mailto" -> {
        return CanonicalHost.local(written.display());
      }
      case "http", "https", "ws", "wss", "ftp" ->
          authority(withoutSlashes(rest, true), defaultPort(givenPort, scheme), true);
      default -> {
        int slashes = rest.indexOf("://");
        if (rest.startsWith("//")) {
          authority(rest.substring(2), defaultPort(givenPort, scheme), false);
        } else if (slashes >= 0 && rest.substring(0, slashes).indexOf('/') < 0) {
          // A URL in a URL, for example jdbc:postgresql://host/.
          return read(rest, givenPort);
        } else if (scheme.length() == 1) {
          return CanonicalHost.file(written.display());
        } else {
          // host:path of scp and rsync.
          authority(text, givenPort, true);
        }
      }
    }
    if (problem != null || readings.isEmpty()) {
      return CanonicalHost.opaque(written.display(), problem == null ? "it has no host" : problem);
    }
    return CanonicalHost.host(readings);
  }

  private void read(Reading reading) {
    if (!readings.contains(reading)) {
      readings.add(reading);
    }
  }

  /** Returns the scheme in lower case; empty if there is none. */
  private static String scheme(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':') {
        return text.substring(0, i).toLowerCase(Locale.ROOT);
      }
      boolean isLetter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      boolean isOther = c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.';
      if (!isLetter && (i == 0 || !isOther)) {
        return "";
      }
    }
    return "";
  }

  private static boolean isPath(String text) {
    return text.startsWith("/") && !text.startsWith("//")
        || text.startsWith("./")
        || text.startsWith("../")
        || text.startsWith("~")
        || text.equals(".")
        || text.equals("..");
  }

  private static String withoutSlashes(String text, boolean isAnyNumber) {
    int start = 0;
    while (start < text.length()
        && (text.charAt(start) == '/' || text.charAt(start) == '\\')
        && (isAnyNumber || start < 2)) {
      start++;
    }
    return text.substring(start);
  }

  static int defaultPort(int given, String scheme) {
    if (given >= 0) {
      return given;
    }
    return switch (scheme) {
      case "http", "ws" -> 80;
      case "https", "wss" -> 443;
      case "ftp" -> 21;
      case "ssh", "sftp", "scp", "git+ssh", "ssh+git" -> 22;
      case "git" -> 9418;
      default -> -1;
    };
  }

  /** Reads the part of a URL that names the host; clients may read it in two ways. */
  private void authority(String text, int port, boolean endsAtBackslash) {
    int end = end(text, 0, endsAtBackslash ? "/?#\\" : "/?#");
    hosts(text.substring(0, end), port);
    if (end < text.length() && "#\\".indexOf(text.charAt(end)) >= 0) {
      // Some clients read on to the slash, and take the text before the last @ as the user.
      String longer = text.substring(end + 1, end(text, end + 1, "/?"));
      int at = longer.lastIndexOf('@');
      if (at >= 0) {
        hosts(longer.substring(at + 1, end(longer, at + 1, "#\\")), port);
      }
    }
  }

  private static int end(String text, int from, String stops) {
    for (int i = from; i < text.length(); i++) {
      if (stops.indexOf(text.charAt(i)) >= 0) {
        return i;
      }
    }
    return text.length();
  }

  private void hosts(String authority, int port) {
    String place = authority.substring(authority.lastIndexOf('@') + 1);
    for (String host : place.split(",", -1)) {
      hostAndPort(host, port);
    }
  }

  private void hostAndPort(String text, int port) {
    int bracket = text.startsWith("[") ? text.indexOf(']') : -1;
    if (bracket > 0) {
      IpAddress address = IpAddress.readV6(PathReader.percentDecoded(text.substring(1, bracket)));
      if (address == null) {
        // The brackets of scp and rsync around a name.
        host(text.substring(1, bracket), port(text.substring(bracket + 1), port));
      } else {
        add(address, port(text.substring(bracket + 1), port));
      }
      return;
    }
    int colon = text.indexOf(':');
    if (colon >= 0 && text.indexOf(':', colon + 1) > 0) {
      IpAddress address = IpAddress.readV6(text.toLowerCase(Locale.ROOT));
      if (address != null) {
        add(address, port);
        return;
      }
    }
    host(
        colon < 0 ? text : text.substring(0, colon),
        colon < 0 ? port : port(text.substring(colon), port));
  }

  /** Returns the port that follows a colon; {@code other} if there is none. */
  private static int port(String text, int other) {
    String digits = text.startsWith(":") ? text.substring(1) : "";
    if (digits.isEmpty() || !isPort(digits)) {
      return digits.indexOf(MARK) >= 0 ? -1 : other;
    }
    int port = 0;
    for (int i = 0; i < digits.length() && digits.charAt(i) != '/'; i++) {
      port = Math.min(10 * port + digits.charAt(i) - '0', 1 << 20);
    }
    return port;
  }

  /** Returns true if the text is a number, perhaps with a path after it. */
  private static boolean isPort(String text) {
    int i = 0;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i > 0 && (i == text.length() || text.charAt(i) == '/');
  }

  private void host(String text, int port) {
    String name = name(text);
    if (name.isEmpty()) {
      if (port >= 0 && problem == null && written.prefix().startsWith(":")) {
        read(new Reading("localhost", LOOPBACK, port));
      } else {
        problem = "the host is empty";
      }
      return;
    }
    if (problem != null) {
      return;
    }
    if (name.indexOf('*') >= 0) {
      if (name.matches("(?:\\d{1,3}\\.){3}\\d{1,3}\\*")) {
        // An address, and then a variable with the path.
        IpAddress.readV4(name.substring(0, name.length() - 1))
            .forEach(address -> add(address, port));
      }
      read(new Reading(name, List.of(), port));
      return;
    }
    String last = name.substring(name.lastIndexOf('.') + 1);
    char first = last.charAt(0);
    if (first >= '0' && first <= '9') {
      List<IpAddress> addresses = IpAddress.readV4(name);
      if (!addresses.isEmpty()) {
        addresses.forEach(address -> add(address, port));
        return;
      }
      if (isNumeric(last)) {
        problem = "\"" + name + "\" is neither a name nor an address";
        return;
      }
    }
    read(new Reading(name, embedded(name), port));
  }

  private static boolean isNumeric(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if ((c < '0' || c > '9') && c != '.') {
        return false;
      }
    }
    return true;
  }

  private void add(IpAddress address, int port) {
    List<IpAddress> addresses = address.withEmbedded();
    read(new Reading(addresses.get(0).display(), addresses, port));
  }

  /** Returns the name in lower case and ASCII, with a {@code *} for each unknown text. */
  private String name(String text) {
    String name = text.indexOf('%') >= 0 ? PathReader.percentDecoded(text) : text;
    if (!isPlain(name)) {
      name = ascii(name);
    }
    int end = name.length();
    while (end > 0 && name.charAt(end - 1) == '.') {
      end--;
    }
    name = name.substring(0, end).toLowerCase(Locale.ROOT);
    if (name.length() > MAX_NAME_CHARS) {
      problem = "the name is longer than " + MAX_NAME_CHARS + " characters";
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean isPart =
          c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_';
      if (!isPart && c != MARK) {
        problem = "the name has the character \"" + printable(c) + "\"";
      }
    }
    return name.replace(MARK, '*');
  }

  private static String printable(char c) {
    return c < ' ' || c >= 0x7f ? "U+" + Integer.toHexString(c) : String.valueOf(c);
  }

  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80 && text.charAt(i) != MARK) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the ASCII form of a name with full-width or circled characters, other dots or other
   * alphabets.
   */
  private String ascii(String name) {
    StringBuilder mapped = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean isDot = c == '\u3002' || c == '\uff0e' || c == '\uff61';
      boolean isIgnored =
          c == '\u00ad' || c >= '\u200b' && c <= '\u200d' || c == '\u2060' || c == '\ufeff';
      if (!isIgnored) {
        mapped.append(isDot ? '.' : c);
      }
    }
    String compatible = Normalizer.normalize(mapped, Normalizer.Form.NFKC);
    StringBuilder out = new StringBuilder();
    for (String label : compatible.split("\\.", -1)) {
      out.append(out.isEmpty() ? "" : ".");
      try {
        boolean isAscii = isPlain(label);
        out.append(isAscii ? label : IDN.toASCII(label, IDN.ALLOW_UNASSIGNED));
      } catch (IllegalArgumentException e) {
        problem = "the name has no ASCII form";
      }
    }
    return out.toString();
  }

  // Some names contain an address.

  private static List<IpAddress> embedded(String name) {
    for (int dot = -1; dot < name.length(); ) {
      String domain = name.substring(dot + 1);
      if (LOOPBACK_DOMAINS.contains(domain)) {
        return LOOPBACK;
      }
      if (WILDCARD_DOMAINS.contains(domain) && dot > 0) {
        return addresses(name.substring(0, dot));
      }
      int next = name.indexOf('.', dot + 1);
      dot = next < 0 ? name.length() : next;
    }
    return List.of();
  }

  /** Returns the addresses in a name of a DNS service that resolves the name to them. */
  private static List<IpAddress> addresses(String name) {
    Set<IpAddress> found = new LinkedHashSet<>();
    String[] labels = name.split("\\.");
    for (int i = 0; i + 4 <= labels.length; i++) {
      addFour(labels, i, found);
    }
    for (String label : labels) {
      String[] parts = label.split("-");
      for (int i = 0; i + 4 <= parts.length; i++) {
        addFour(parts, i, found);
      }
      String last = parts.length == 0 ? "" : parts[parts.length - 1];
      if (last.length() == 8 && last.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
        found.add(IpAddress.v4(Long.parseLong(last, 16)));
      }
      IpAddress v6 = IpAddress.readV6(label.replace('-', ':'));
      if (v6 != null) {
        found.addAll(v6.withEmbedded());
      }
    }
    return new ArrayList<>(found);
  }

  private static void addFour(String[] parts, int from, Set<IpAddress> found) {
    long address = 0;
    for (int i = from; i < from + 4; i++) {
      boolean isByte =
          !parts[i].isEmpty()
              && parts[i].length() <= 3
              && parts[i].chars().allMatch(c -> c >= '0' && c <= '9');
      if (!isByte || Integer.parseInt(parts[i]) > 255) {
        return;
      }
      address = address << 8 | Integer.parseInt(parts[i]);
    }
    found.add(IpAddress.v4(address));
  }
}
