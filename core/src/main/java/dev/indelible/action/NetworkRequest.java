// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request over the network.
 *
 * @param host the host's name or address
 * @param scheme the scheme, for example {@code https}
 * @param port the port, 1 to 65535, if given
 * @param path the path with its query, if known
 */
public record NetworkRequest(String host, String scheme, OptionalInt port, Optional<String> path)
    implements AgentAction {
  public static final String KIND = "network_request";

  /** Scheme, authority, and path with query; without the fragment. */
  private static final Pattern URL =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]+)([^#]*).*", Pattern.DOTALL);

  private static final Pattern AUTHORITY =
      Pattern.compile("(?:.*@)?(\\[[^\\]]*\\]|[^:]*)(?::([0-9]{1,5}))?", Pattern.DOTALL);

  public NetworkRequest {
    Objects.requireNonNull(port, "port is null");
    Objects.requireNonNull(path, "path is null");
    Text.requireWellFormed(host, "host");
    Text.requireWellFormed(scheme, "scheme");
    path.ifPresent(value -> Text.requireWellFormed(value, "path"));
    if (port.isPresent() && (port.getAsInt() < 1 || port.getAsInt() > 65_535)) {
      throw new IllegalArgumentException("port " + port.getAsInt() + " is not in 1..65535");
    }
  }

  public NetworkRequest(String host, String scheme) {
    this(host, scheme, OptionalInt.empty(), Optional.empty());
  }

  /**
   * Reads a URL as browsers do. Drops white space, the user before the host, and the fragment, and
   * reads a backslash as a slash.
   *
   * @throws IllegalArgumentException if it is not an absolute URL with a host
   */
  public static NetworkRequest ofUrl(String url) {
    Matcher parts = URL.matcher(url.strip().replaceAll("[\t\r\n]", "").replace('\\', '/'));
    if (!parts.matches()) {
      throw new IllegalArgumentException("not an absolute URL; write scheme://host");
    }
    Matcher authority = AUTHORITY.matcher(parts.group(2));
    if (!authority.matches() || authority.group(1).isEmpty()) {
      throw new IllegalArgumentException("no host; write scheme://host");
    }
    OptionalInt port =
        authority.group(2) == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(authority.group(2)));
    Optional<String> path = Optional.of(parts.group(3)).filter(rest -> !rest.isEmpty());
    return new NetworkRequest(authority.group(1), parts.group(1), port, path);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().member("host", host).member("kind", KIND).member("path", path);
    port.ifPresent(value -> out.member("port", value));
    out.member("scheme", scheme).endObject();
  }
}
