// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads requests that delete a resource on another machine. On the developer's own machine, a
 * deletion is part of a test and does not count; in a private network, only the deletion of
 * everything counts.
 */
final class HttpDeletion {
  /** Hosts of this machine, or of a private network. */
  private static final Pattern NEAR =
      Pattern.compile(
          "(?:localhost|127\\..*|0\\.0\\.0\\.0|\\[::1\\]|10\\..*|192\\.168\\..*|172\\.(?:1[6-9]|2\\d|3[01])\\..*"
              + "|[^.:\\[]*|.*\\.(?:localhost|local|test|internal|svc|cluster\\.local))");

  private static final Pattern OWN =
      Pattern.compile("(?:localhost|127\\..*|0\\.0\\.0\\.0|\\[::1\\]|)");

  private HttpDeletion() {}

  /** Reads the method of a request to the URLs that are the operands. */
  static void method(Value argument, Template template, Scan scan) {
    boolean isDelete = argument.prefix().equalsIgnoreCase("DELETE");
    for (Value url : scan.operands()) {
      if (isDelete || url.prefix().contains("/_delete_by_query")) {
        read(url, scan.uses());
      }
    }
  }

  /** Reads the URL of a resource that is deleted. */
  static void deleted(Value argument, Template template, Scan scan) {
    read(argument, scan.uses());
  }

  static void read(Value url, Uses uses) {
    String host = host(url.prefix().toLowerCase(Locale.ROOT));
    boolean isWhole = isWhole(url.display());
    boolean isHere = isWhole ? OWN.matcher(host).matches() : NEAR.matcher(host).matches();
    if (!isHere) {
      uses.add(Role.DESTROYS, "over HTTP: " + url.display());
    }
  }

  /** Returns true if the last component of a path means everything on the server. */
  private static boolean isWhole(String url) {
    int query = url.indexOf('?');
    String path = query < 0 ? url : url.substring(0, query);
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.equals("_all") || last.equals("_delete_by_query") || last.indexOf('*') >= 0;
  }

  /** Returns the host of a URL, which may have no scheme; empty if the host is not known. */
  private static String host(String url) {
    int scheme = url.indexOf("://");
    String rest = scheme < 0 ? url : url.substring(scheme + 3);
    int end = 0;
    while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
      end++;
    }
    String authority = rest.substring(rest.lastIndexOf('@', end) + 1, end);
    int port = authority.lastIndexOf(':');
    boolean hasPort = port >= 0 && authority.indexOf(']', port) < 0;
    return hasPort ? authority.substring(0, port) : authority;
  }
}
