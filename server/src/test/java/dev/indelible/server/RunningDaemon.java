// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.access.Grant;
import dev.indelible.access.Role;
import dev.indelible.json.CanonicalJson;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A daemon on a real port with a log on disk. The test chooses the roles of its callers. */
final class RunningDaemon implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Path data;
  private final Indelible log;
  private final Daemon daemon;

  /** The roles of every caller. */
  private volatile Set<Role> roles = Set.of(Role.values());

  RunningDaemon(Path data) throws Exception {
    this(data, AccessSettings.DEFAULT);
  }

  /** Starts a daemon for an open log. Closing the daemon closes the log. */
  RunningDaemon(Path data, Indelible log) throws Exception {
    this(data, log, AccessSettings.DEFAULT);
  }

  private RunningDaemon(Path data, AccessSettings access) throws Exception {
    this(data, Indelible.builder(data).shutdownHook(false).open(), access);
  }

  private RunningDaemon(Path data, Indelible log, AccessSettings access) throws Exception {
    this.data = data;
    this.log = log;
    this.daemon =
        Daemon.start(
            log,
            new ServeSettings(new InetSocketAddress("127.0.0.1", 0), null, null, access),
            request -> Optional.of(Caller.named("key:test", new Grant(roles, Optional.empty()))));
  }

  /** Starts a daemon that serves the log as static files to everybody. */
  static RunningDaemon publishing(Path data) throws Exception {
    return new RunningDaemon(data, new AccessSettings(null, Set.of(), List.of(), 0, true, true));
  }

  Indelible log() {
    return log;
  }

  HttpClient client() {
    return client;
  }

  URI uri(String path) {
    return URI.create(daemon.addresses().get(0)).resolve(path);
  }

  /** Gives every caller only these roles. */
  void allow(Role... only) {
    roles = Set.copyOf(Arrays.asList(only));
  }

  HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, HttpRequest.newBuilder(uri(path)));
  }

  HttpResponse<String> post(String path, String body) throws Exception {
    return send(
        "POST",
        path,
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", Response.JSON)
            .POST(BodyPublishers.ofString(body)));
  }

  private HttpResponse<String> send(String method, String path, HttpRequest.Builder request)
      throws Exception {
    HttpResponse<String> response =
        client.send(
            request.timeout(LIMIT).header("Authorization", "Bearer test").build(),
            BodyHandlers.ofString());
    Contract.requireDescribed(method, path, response);
    return response;
  }

  static JsonNode json(HttpResponse<String> response) throws Exception {
    return CanonicalJson.read(response.body());
  }

  /** Asks about a command; returns the id of the event. */
  String check(String agentId, String command) throws Exception {
    return json(post(
            "/v1/check",
            "{\"agent_id\":\"%s\",\"action\":{\"kind\":\"bash\",\"command\":\"%s\"}}"
                .formatted(agentId, command)))
        .path("id")
        .stringValue();
  }

  /** Runs statements on the database, as another program could. */
  void sql(String... statements) throws Exception {
    try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + database());
        Statement statement = database.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 10000");
      for (String each : statements) {
        statement.execute(each);
      }
    }
  }

  Path database() {
    return data.resolve("indelible.db");
  }

  @Override
  public void close() {
    daemon.stop();
    log.closeAndFlush(LIMIT);
  }
}
