// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The requests of pages in browsers that are refused. */
class GuardTest {
  private final Guard guard = new Guard(Set.of("audit.example"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          localhost:8740     | same-origin |                        | GET  | /v1/events | answered
          localhost:8740     | same-origin | http://localhost:8740  | POST | /v1/verify | answered
          LOCALHOST:8740     | same-origin | http://localhost:8740  | POST | /v1/verify | answered
          127.0.0.1:8740     | none        |                        | GET  | /          | answered
          localhost:8740     |             |                        | GET  | /v1/events | answered
          localhost:8740     | same-site   |                        | GET  | /v1/events | refused
          localhost:8740     | cross-site  |                        | GET  | /v1/events | refused
          localhost:8740     | same-origin | http://localhost:3000  | POST | /v1/verify | refused
          localhost:8740     |             | http://localhost:3000  | POST | /v1/verify | refused
          localhost:8740     |             | https://localhost:8740 | POST | /v1/verify | refused
          localhost:8740     |             | null                   | POST | /v1/verify | refused
          evil.example       | same-origin | http://evil.example    | POST | /v1/verify | refused
          audit.example:8740 | same-origin |                        | GET  | /v1/events | answered
          """)
  void pageOfAnotherOriginIsRefused(
      String host, String site, String origin, String method, String path, String expected) {
    Map<String, String> headers = new HashMap<>(Map.of("host", host));
    if (site != null) {
      headers.put("sec-fetch-site", site);
    }
    if (origin != null) {
      headers.put("origin", origin);
    }
    Request request = new Request(method, path, Map.of(), headers);
    assertThat(guard.problem(request).isEmpty()).isEqualTo(expected.equals("answered"));
    // No browser connects to the socket.
    Peer socket = new Peer("the Unix socket", Peer.Way.SOCKET, false, List.of());
    boolean fromPage = origin != null || site != null && !site.equals("none");
    assertThat(guard.problem(request.from(socket)).isPresent()).isEqualTo(fromPage);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /          | navigate | document | answered
          /v1/events | navigate | document | refused
          /          | navigate | iframe   | refused
          /          | no-cors  | script   | refused
          """)
  void otherSitesMayOnlyLinkToThePage(String path, String mode, String use, String expected) {
    Map<String, String> headers =
        Map.of(
            "host",
            "localhost:8740",
            "sec-fetch-site",
            "cross-site",
            "sec-fetch-mode",
            mode,
            "sec-fetch-dest",
            use);
    Request request = new Request("GET", path, Map.of(), headers);
    assertThat(guard.problem(request).isEmpty()).isEqualTo(expected.equals("answered"));
  }
}
