// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.Objects;
import java.util.Optional;

/**
 * A read of data that the agent may have no right to see.
 *
 * @param surface the place that is read, for example {@code memory} or {@code filesystem}
 * @param namespace the part of that place, if given
 * @param query the search query, if there is one
 */
public record Read(String surface, Optional<String> namespace, Optional<String> query)
    implements AgentAction {
  public static final String KIND = "read";

  public Read {
    Text.requireWellFormed(surface, "surface");
    Objects.requireNonNull(namespace, "namespace is null");
    Objects.requireNonNull(query, "query is null");
    namespace.ifPresent(value -> Text.requireWellFormed(value, "namespace"));
    query.ifPresent(value -> Text.requireWellFormed(value, "query"));
  }

  public Read(String surface) {
    this(surface, Optional.empty(), Optional.empty());
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().member("kind", KIND).member("namespace", namespace).member("query", query);
    out.member("surface", surface).endObject();
  }
}
