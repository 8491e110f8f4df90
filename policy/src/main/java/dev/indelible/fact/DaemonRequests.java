// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.command.EffectiveCommand;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Finds requests to the daemon that are for people: to approve an action, to load the rules, to
 * begin a session of the console.
 *
 * <p>A request counts if it may go to the daemon: over a Unix socket, to this machine, to a private
 * network, to the daemon's usual port, or to a host that is not known. The method does not count,
 * because most actions do not show it.
 *
 * <p>An instance collects what the commands of one action do, because one command may connect and
 * another write the request. Used by one thread. The class is long because a URL, a command, code
 * and the arguments of a tool each show host and path in their own way.
 */
final class DaemonRequests {
  private static final int USUAL_PORT = 8740;

  /** Paths that are for people, with all paths below them. */
  private static final List<String> PATHS = List.of("/v1/approvals", "/v1/policy/reload");

  /** A path that other services have too, so it counts only at the daemon's own places. */
  private static final String SESSION = "/v1/session";

  /** The beginning of all paths; a path with an unknown rest may be any of them. */
  private static final String VERSION = "/v1/";

  /** Replaces a part of a text that is not known. */
  private static final char MARK = '\ue000';

  /** Maximum number of URLs that a URL with braces stands for. */
  private static final int MAX_ALTERNATIVES = 64;

  /** Maximum number of characters before a path in which code names its host. */
  private static final int MAX_AUTHORITY = 300;

  private static final HostPatterns NEAR =
      HostPatterns.of(List.of("@loopback", "@private", "@link_local"));

  private static final Pattern PATH_IN_TEXT =
      Pattern.compile("(?<!/)/++v1/++(?:approvals|policy/++reload|session)(?![\\w-])");

  private static final Pattern REQUEST_LINE =
      Pattern.compile("(?:^|[^a-z])(?:post|get|put|patch|delete|options|head)\\s++(\\S++)");

  /** The end of a text and the beginning of the next one that code joins to it. */
  private static final Pattern JOINT = Pattern.compile("['\"`]\\s*+(?:[+.]\\s*+)?['\"`]");

  private static final Pattern CONNECTS =
      Pattern.compile(
          "http|fetch|request|socket|connect|axios|curl|urlopen|open_uri|tcp|unix|webclient"
              + "|invoke-|lwp|net::");

  private static final Pattern NAMES_DAEMON =
      Pattern.compile(
          "localhost|\\b127\\.|::1\\b|\\b0\\.0\\.0\\.0|\\b8740\\b|\\.sock\\b|af_unix|indelible");

  private static final Pattern NAMES_OWN_PLACE = Pattern.compile("8740|\\.sock\\b|indelible");

  /** Where code gets an address that it does not contain. */
  private static final Pattern COMPUTES =
      Pattern.compile("environ|getenv|process\\.env|env\\[|env:|argv|input|stdin");

  /** Languages whose text the gate reads also where a POSIX shell may run it. */
  private static final Set<String> WINDOWS = Set.of("powershell", "cmd");

  /** Programs that send what they are given, without a protocol of their own. */
  private static final Set<String> RAW =
      Set.of("", "nc", "ncat", "netcat", "socat", "openssl", "telnet", "exec", "cat");

  private static final Set<String> PRINTING = Set.of("printf", "echo", "print");

  /** True if a command opens a connection that may lead to the daemon, and writes to it freely. */
  private boolean isOpen;

  /** The first command that writes a request; null if there is none. */
  private @Nullable Cause writer;

  private String written = "";

  /**
   * A request and the command that makes it.
   *
   * @param text the URL or the path
   */
  record Request(String text, Cause cause) {}

  /** Returns the request that a command makes by itself; empty if it makes none. */
  Optional<String> read(Cause cause, EffectiveCommand command) {
    boolean isSocket = overSocket(command);
    boolean isConnected = isSocket;
    Optional<String> found = Optional.empty();
    for (Use use : command.uses()) {
      for (Value argument : use.arguments()) {
        switch (use.role()) {
          case CONTACTS -> {
            isConnected |= isDaemon(CanonicalHost.of(argument));
            found = found.or(() -> ofUrl(argument));
          }
          case RUNS_CODE, RUNS_INPUT -> found = found.or(() -> ofCode(argument, use.detail()));
          case SENDS -> {
            if (RAW.contains(cause.program())) {
              write(argument, cause);
            }
          }
          default -> {}
        }
      }
    }
    if (PRINTING.contains(cause.program())) {
      command.argv().forEach(word -> write(word, cause));
    }
    if (isConnected) {
      isOpen |= RAW.contains(cause.program()) || PRINTING.contains(cause.program());
      found = found.or(() -> ofParts(command, isSocket));
    }
    return found;
  }

  /**
   * Returns the request of a command that connects to the daemon. Its URL may name another host,
   * because a Unix socket, a proxy or an option leads to the daemon.
   */
  private static Optional<String> ofParts(EffectiveCommand command, boolean isSocket) {
    for (Use use : command.uses()) {
      for (Value argument : use.role() == Role.CONTACTS ? use.arguments() : List.<Value>of()) {
        if (isForPeople(pathOf(text(argument)), isSocket)) {
          return Optional.of(argument.display());
        }
      }
    }
    for (Value word : command.argv()) {
      if (isForPeople(path(text(word), 0), true)) {
        return Optional.of(word.display());
      }
    }
    return Optional.empty();
  }

  private void write(Value value, Cause cause) {
    if (writer != null) {
      return;
    }
    String text = text(value);
    Matcher line = REQUEST_LINE.matcher(text);
    while (line.find()) {
      if (isForPeople(pathOf(line.group(1)), true)) {
        writer = cause;
        written = line.group(1);
        return;
      }
    }
    if (isForPeople(path(text, 0), true)) {
      writer = cause;
      written = value.display();
    }
  }

  /**
   * Returns the request that the commands of an action make together: one opens a connection,
   * another writes the request. Called after all were read.
   *
   * @param script the text of the action, which may have the request in a file or a here-document
   */
  Optional<Request> sent(String script) {
    if (!isOpen) {
      return Optional.empty();
    }
    if (writer != null) {
      return Optional.of(new Request(written, writer));
    }
    Matcher path = PATH_IN_TEXT.matcher(script.toLowerCase(Locale.ROOT));
    return path.find() ? Optional.of(new Request(path.group(), Cause.ACTION)) : Optional.empty();
  }

  /** Returns true if a word of the command names a socket of this machine. */
  private static boolean overSocket(EffectiveCommand command) {
    for (Value word : command.argv()) {
      String text = word.prefix();
      if (text.startsWith("--unix-s") || text.startsWith("--abstract-u") || isSocket(text)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isSocket(String text) {
    return text.endsWith(".sock") && !text.endsWith("docker.sock");
  }

  /** Returns the request to a URL, if it may go to the daemon and is for people. */
  static Optional<String> ofUrl(Value url) {
    String text = text(url);
    if (text.indexOf('/') < 0) {
      return Optional.empty();
    }
    CanonicalHost host = CanonicalHost.of(url);
    if (!isDaemon(host)) {
      return Optional.empty();
    }
    for (String each : alternatives(text)) {
      if (isForPeople(pathOf(each), isOwnPlace(host))) {
        return Optional.of(url.display());
      }
    }
    return Optional.empty();
  }

  /** Returns the request of an action that names host and path. */
  static Optional<String> ofRequest(CanonicalHost host, String path) {
    return isDaemon(host) && isForPeople(path(path.toLowerCase(Locale.ROOT), 0), isOwnPlace(host))
        ? Optional.of(path)
        : Optional.empty();
  }

  /** Returns the request that code of another language makes, as far as its text shows it. */
  static Optional<String> ofCode(Value code, String language) {
    String text = JOINT.matcher(text(code)).replaceAll("");
    Matcher path = PATH_IN_TEXT.matcher(text);
    boolean isAddressed = false;
    boolean isFirst = true;
    while (path.find()) {
      int start = path.start();
      int limit = Math.max(0, start - MAX_AUTHORITY);
      while (start > limit && !isBoundary(text.charAt(start - 1))) {
        start--;
      }
      String before = text.substring(start, path.start());
      if (before.contains("://")) {
        CanonicalHost host = CanonicalHost.of(Value.of(before));
        if (isDaemon(host) && isForPeople(path(path.group(), 0), isOwnPlace(host))) {
          return Optional.of(path.group());
        }
        continue;
      }
      isAddressed = isFirst ? isAddressedToDaemon(text, language) : isAddressed;
      isFirst = false;
      if (isAddressed && isForPeople(path(path.group(), 0), NAMES_OWN_PLACE.matcher(text).find())) {
        return Optional.of(path.group());
      }
    }
    return Optional.empty();
  }

  /** Returns true if code connects to a place that is the daemon's, or that it computes. */
  private static boolean isAddressedToDaemon(String text, String language) {
    boolean isComputed =
        !WINDOWS.contains(language) && !text.contains("://") && COMPUTES.matcher(text).find();
    return CONNECTS.matcher(text).find() && (isComputed || NAMES_DAEMON.matcher(text).find());
  }

  private static boolean isBoundary(char c) {
    return Character.isWhitespace(c) || c == '"' || c == '\'' || c == '`' || c == '(' || c == ',';
  }

  /** Returns the request that a tool makes if one argument names the path and another the host. */
  static Optional<String> ofTool(JsonNode arguments) {
    Optional<String> path = Optional.empty();
    boolean isDaemon = false;
    Deque<JsonNode> rest = new ArrayDeque<>(List.of(arguments));
    while (!rest.isEmpty()) {
      JsonNode each = rest.pop();
      each.forEach(rest::push);
      if (each.isNumber()) {
        isDaemon |= each.asInt(0) == USUAL_PORT;
      } else if (each.isString()) {
        String text = each.stringValue().strip().toLowerCase(Locale.ROOT);
        if (isForPeople(path(text, 0), true)) {
          path = path.or(() -> Optional.of(each.stringValue()));
        } else if (text.indexOf(' ') < 0 && text.length() < 300 && !text.startsWith("/")) {
          isDaemon |= isSocket(text) || isAddress(text);
        } else {
          isDaemon |= isSocket(text);
        }
      }
    }
    return isDaemon ? path : Optional.empty();
  }

  private static boolean isAddress(String text) {
    CanonicalHost host = CanonicalHost.of(Value.of(text));
    return host.kind() == CanonicalHost.Kind.HOST && isDaemon(host);
  }

  /** Returns true if a host may be the daemon's. */
  private static boolean isDaemon(CanonicalHost host) {
    return switch (host.kind()) {
      case FILE -> false;
      case LOCAL, OPAQUE -> true;
      case HOST -> host.port() == USUAL_PORT || NEAR.isConcerned(host) || isUnknown(host);
    };
  }

  /** Returns true if a host is the daemon's own place, or may be any. */
  private static boolean isOwnPlace(CanonicalHost host) {
    return host.kind() != CanonicalHost.Kind.HOST
        || host.port() == USUAL_PORT
        || host.port() < 0
        || isUnknown(host);
  }

  private static boolean isUnknown(CanonicalHost host) {
    return host.names().stream().anyMatch(name -> name.endsWith("*"));
  }

  /**
   * Returns true if a path is for people.
   *
   * @param isOwnPlace true if the request goes to the daemon; false if another service may get it
   */
  private static boolean isForPeople(String path, boolean isOwnPlace) {
    for (String each : PATHS) {
      if (isAtOrBelow(path, each)) {
        return true;
      }
    }
    if (isOwnPlace && isAtOrBelow(path, SESSION)) {
      return true;
    }
    int unknown = path.indexOf(MARK);
    String known = unknown < 0 ? "" : path.substring(0, unknown);
    return known.startsWith(VERSION)
        && (isOwnPlace || known.length() > VERSION.length())
        && PATHS.stream().anyMatch(each -> each.startsWith(known));
  }

  private static boolean isAtOrBelow(String path, String place) {
    return path.startsWith(place)
        && (path.length() == place.length()
            || path.charAt(place.length()) == '/'
            || path.charAt(place.length()) == MARK);
  }

  /** Returns the path of a URL, with or without a scheme; empty if it has none. */
  private static String pathOf(String url) {
    int scheme = url.indexOf("://");
    int slash = url.indexOf('/', scheme < 0 ? 0 : scheme + 3);
    return slash < 0 ? "" : path(url, slash);
  }

  /** Returns the path from a position on as a server reads it, without the query. */
  private static String path(String text, int from) {
    if (from >= text.length() || text.charAt(from) != '/') {
      return "";
    }
    int end = from;
    while (end < text.length() && "?#; \t\r\n".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    String path = decoded(decoded(text.substring(from, end))).replace('\\', '/');
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.toLowerCase(Locale.ROOT).split("/")) {
      if (name.equals("..")) {
        names.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    return "/" + String.join("/", names);
  }

  private static String decoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(text.charAt(i + 2), 16);
      if (text.charAt(i) == '%' && low >= 0) {
        out.append((char) (16 * high + low));
        i += 2;
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  /** Returns the URLs that a URL with braces stands for; a range in brackets is unknown. */
  private static List<String> alternatives(String url) {
    List<String> all = new ArrayList<>(List.of(url));
    int at = 0;
    for (int steps = 0; at < all.size() && steps < MAX_ALTERNATIVES; steps++) {
      String each = all.get(at);
      int open = openBracket(each);
      int close = open < 0 ? -1 : each.indexOf(each.charAt(open) == '{' ? '}' : ']', open);
      if (close < 0) {
        at++;
        continue;
      }
      all.remove(at);
      String before = each.substring(0, open);
      String after = each.substring(close + 1);
      if (each.charAt(open) == '[') {
        all.add(at, before + MARK + after);
      } else {
        for (String choice : each.substring(open + 1, close).split(",", MAX_ALTERNATIVES)) {
          all.add(at, before + choice + after);
        }
      }
    }
    for (; at < all.size(); at++) {
      String each = all.get(at);
      int open = openBracket(each);
      all.set(at, open < 0 ? each : each.substring(0, open) + MARK);
    }
    return all;
  }

  /** Returns the position of the first bracket in the path of a URL; -1 if there is none. */
  private static int openBracket(String url) {
    int path = Math.max(0, url.indexOf('/', url.indexOf("://") + 3));
    int brace = url.indexOf('{', path);
    int range = url.indexOf('[', path);
    return brace < 0 || range >= 0 && range < brace ? range : brace;
  }

  /** Returns a text in lower case, with a mark for each part that is not known. */
  private static String text(Value value) {
    StringBuilder text = new StringBuilder();
    for (Value.Piece piece : value.pieces()) {
      if (piece instanceof Value.Known known) {
        text.append(known.text());
      } else {
        text.append(MARK);
      }
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }
}
