// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

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
