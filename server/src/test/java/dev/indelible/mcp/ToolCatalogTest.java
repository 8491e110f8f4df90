// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ToolCatalogTest {
  private static JsonNode tools(String name, String description) throws Exception {
    return CanonicalJson.read("{\"tools\":[%s]}".formatted(FakeServer.tool(name, description)));
  }

  /**
   * The catalog stores a limited number of tools; further tools count as unlisted. If they counted
   * as new, a server could exceed the limit, change a tool, and later list the original descriptor.
   */
  @Test
  void toolsBeyondTheLimitAreUnlisted() throws Exception {
    ToolCatalog catalog = new ToolCatalog(2);
    for (String name : new String[] {"a", "b", "c"}) {
      catalog.show(tools(name, "Evil."));
    }
    assertThat(catalog.hash("c")).isEmpty();

    catalog.forget();
    catalog.list(tools("c", "Good."));
    assertThat(catalog.hash("c")).contains(GateRequest.UNLISTED);
    catalog.show(tools("b", "Evil."));
    assertThat(catalog.hash("b").orElseThrow()).startsWith("sha256:");
    catalog.show(tools("b", "Good."));
    assertThat(catalog.hash("b")).contains(GateRequest.UNLISTED);
  }
}
