// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A daemon in its own process, on a free port and on a Unix socket, and requests to it. */
final class DaemonProcess {
  private final HttpClient client = HttpClient.newHttpClient();
  private final Path socket;
  private final Path printed;
  private final ChildJvm process;
  private final URI address;

  /** Starts a daemon on the data directory of {@code cli}; its other files are beside that. */
  DaemonProcess(Cli cli, String... more) throws IOException {
    socket = cli.data().resolveSibling("run").resolve("i.sock");
    printed = cli.data().resolveSibling("daemon.err");
    List<String> args = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:0", "--socket"));
    args.addAll(List.of(socket.toString(), "--output", "json"));
    args.addAll(List.of(more));
    process = cli.process(Cli.launcher().errorsTo(printed), args.toArray(String[]::new));
    address = URI.create(Cli.json(process.readLine()).path("addresses").path(0).asString());
  }

  /** The address at which it listens, without a slash at the end. */
  String address() {
    return address.toString();
  }

  /** Posts JSON; {@code key} is an API key, or empty. */
  HttpResponse<String> post(String path, String key, String json) throws Exception {
    return send(path, key, "POST", json);
  }

  HttpResponse<String> get(String path, String key) throws Exception {
    return send(path, key, "GET", "");
  }

  private HttpResponse<String> send(String path, String key, String method, String json)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address.resolve(path))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .method(method, BodyPublishers.ofString(json));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  /** Posts JSON on the Unix socket without a credential, and returns the line with the status. */
  String postOnSocket(String path, String json) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      String request =
          "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type:"
              + " application/json\r\nContent-Length: %s\r\n\r\n%s";
      channel.write(
          ByteBuffer.wrap(
              request.formatted(path, json.length(), json).getBytes(StandardCharsets.US_ASCII)));
      String answer =
          new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
      return answer.lines().findFirst().orElse("");
    }
  }

  /** Asks for a decision about a shell command. */
  JsonNode ask(String key, String command) throws Exception {
    HttpResponse<String> answer =
        post("/v1/check", key, Cli.line("agent:cli", Cli.bash(command)).strip());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Cli.json(answer.body());
  }

  /** Returns everything that the daemon has printed after its addresses. */
  String printed() throws IOException {
    return Files.exists(printed) ? Files.readString(printed) : "";
  }

  /** Ends the daemon, and requires that it succeeds. */
  void stop() throws InterruptedException {
    process.terminate();
    assertThat(process.exitCode()).as(process.errors()).isZero();
  }

  void kill() throws InterruptedException {
    process.kill();
  }
}
