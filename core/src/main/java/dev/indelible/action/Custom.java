// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.util.Objects;

/**
 * An action of a kind that the embedding application defines.
 *
 * @param customKind the application's name for the kind, for example {@code memory_write}
 * @param payload the content; rules match its members {@code namespace} and {@code title}
 */
public record Custom(String customKind, JsonValue payload) implements AgentAction {
  public static final String KIND = "custom";

  public Custom {
    Objects.requireNonNull(customKind, "customKind is null");
    Text.requireWellFormed(customKind, "custom_kind");
    Objects.requireNonNull(payload, "payload is null");
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().member("custom_kind", customKind).member("kind", KIND);
    out.name("payload").canonical(payload.text()).endObject();
  }
}
