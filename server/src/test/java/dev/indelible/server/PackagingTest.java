// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.json.CanonicalJson;
import dev.indelible.testkit.FreePort;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard and the alerts name existing metrics, and a real Prometheus reads both. */
class PackagingTest {
  private static final Path PACKAGING = Path.of("../packaging");
  private static final Path RULES = PACKAGING.resolve("prometheus-rules.yaml");
  private static final Path DASHBOARD = PACKAGING.resolve("grafana-dashboard.json");

  @TempDir Path temp;
  private RunningDaemon daemon;

  @BeforeEach
  void start() throws Exception {
    daemon = new RunningDaemon(temp.resolve("data"));
    daemon.check("agent:a", "rm -rf /");
    assertThat(daemon.log().queue().drainPending(LIMIT)).isTrue();
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"prometheus-rules.yaml", "grafana-dashboard.json"})
  void fileNamesOnlyExistingMetrics(String file) throws Exception {
    String metrics = daemon.get("/metrics").body();
    Set<String> names = new TreeSet<>();
    Matcher named =
        Pattern.compile("indelible_[a-z_]+").matcher(Files.readString(PACKAGING.resolve(file)));
    while (named.find()) {
      names.add(named.group());
    }

    assertThat(names).hasSizeGreaterThan(6);
    assertThat(names)
        .allSatisfy(name -> assertThat(metrics).containsPattern("(?m)^" + name + "\\b"));
  }

  @Test
  void prometheusAcceptsRulesAndExpressions() throws Exception {
    requireProgram("promtool");
    assertThat(run("promtool", "check", "rules", RULES.toString())).contains("SUCCESS");
    StringBuilder rules = new StringBuilder("groups: [{name: dashboard, rules: [\n");
    int number = 0;
    for (JsonNode panel : CanonicalJson.read(Files.readString(DASHBOARD)).path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        String expression =
            target.path("expr").stringValue().replace("$__rate_interval", "5m").replace("$", "");
        rules.append(
            "{record: 'r%s', expr: '%s'},\n".formatted(number++, expression.replace("'", "''")));
      }
    }
    Path file = Files.writeString(temp.resolve("dashboard.yaml"), rules + "]}]\n");

    assertThat(number).isGreaterThan(15);
    assertThat(run("promtool", "check", "rules", file.toString())).contains("SUCCESS");
  }

  @Test
  void prometheusScrapesAndEvaluates() throws Exception {
    requireProgram("prometheus");
    int port = FreePort.find();
    Files.writeString(
        temp.resolve("prometheus.yml"),
        """
        global: { scrape_interval: 1s, evaluation_interval: 1s }
        rule_files: [ "%s" ]
        scrape_configs:
          - job_name: indelible
            static_configs: [ { targets: [ "127.0.0.1:%s" ] } ]
        """
            .formatted(RULES.toAbsolutePath(), daemon.uri("/").getPort()));
    Process prometheus =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + temp.resolve("prometheus.yml"),
                "--storage.tsdb.path=" + temp.resolve("tsdb"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("prometheus.log").toFile())
            .start();
    try {
      await()
          .atMost(LIMIT.multipliedBy(4))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () ->
                  query(port, "query?query=", "indelible_audit_appended_total")
                      .path("result")
                      .path(0)
                      .path("value")
                      .path(1)
                      .asString()
                      .equals("2"));
      await()
          .atMost(LIMIT)
          .until(() -> query(port, "rules", "").toString().contains("\"health\":\"ok\""));
      String rules = query(port, "rules", "").toString();
      assertThat(rules).contains("IndelibleNotRecording").doesNotContain("\"health\":\"err\"");
      // An alert about a missing target may be pending, because it started before the first scrape.
      assertThat(query(port, "alerts", "").toString())
          .as("nothing is wrong")
          .doesNotContain("\"firing\"");
    } finally {
      prometheus.destroy();
      prometheus.waitFor();
    }
  }

  private JsonNode query(int port, String path, String expression) throws Exception {
    URI uri =
        URI.create(
            "http://127.0.0.1:%s/api/v1/%s%s"
                .formatted(port, path, URLEncoder.encode(expression, StandardCharsets.UTF_8)));
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();
    HttpResponse<String> answer = daemon.client().send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("Prometheus is starting: " + answer.body());
    }
    return new JsonMapper().readTree(answer.body()).path("data");
  }

  private static void requireProgram(String name) {
    boolean there =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    assumeThat(there).as("%s is not installed here (Debian: prometheus)", name).isTrue();
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }
}
