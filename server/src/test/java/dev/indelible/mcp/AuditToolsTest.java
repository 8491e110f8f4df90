// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class AuditToolsTest {
  @TempDir Path data;

  private static Message call(String tool, String arguments) throws MessageException {
    return Message.read(
        ("{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":"
                + "{\"name\":\"%s\",\"arguments\":%s}}")
            .formatted(tool, arguments)
            .getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode result(McpServer server, String tool, McpClient client) {
    try {
      return server.answer(call(tool, "{}"), client).orElseThrow().json().path("result");
    } catch (MessageException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void readIsReportedWithItsFilter() throws Exception {
    List<Map<String, String>> reads = new ArrayList<>();
    McpClient client =
        new McpClient(
            Optional.empty(), Optional.empty(), true, (tool, arguments) -> reads.add(arguments));
    try (Indelible log = Indelible.builder(data).shutdownHook(false).open()) {
      McpServer server = new McpServer(log);

      server.answer(call("audit_query", "{\"limit\":5,\"text\":\"secret\"}"), client);
    }

    assertThat(reads).containsExactly(Map.of("limit", "5", "text", "secret"));
  }

  /**
   * Every caller may ask for the status, so status calls do not count against the limit for
   * readers.
   */
  @Test
  void statusIsAnsweredWhileReadersAreAtTheLimit() throws Exception {
    CountDownLatch reading = new CountDownLatch(4);
    CountDownLatch released = new CountDownLatch(1);
    McpClient slow =
        new McpClient(
            Optional.empty(),
            Optional.empty(),
            true,
            (tool, arguments) -> {
              reading.countDown();
              try {
                released.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    McpClient other = new McpClient(Optional.empty(), true);
    Indelible log = Indelible.builder(data).shutdownHook(false).open();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      McpServer server = new McpServer(log);
      List<CompletableFuture<JsonNode>> slowly = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        slowly.add(
            CompletableFuture.supplyAsync(() -> result(server, "audit_query", slow), threads));
      }
      reading.await();

      assertThat(result(server, "audit_query", other).toString()).contains("too many calls");
      assertThat(result(server, "audit_status", other).path("isError").booleanValue(true))
          .isFalse();

      released.countDown();
      for (CompletableFuture<JsonNode> each : slowly) {
        assertThat(each.join().path("isError").booleanValue(true)).isFalse();
      }
    } finally {
      released.countDown();
      threads.shutdownNow();
      log.closeAndFlush(Duration.ofSeconds(30));
    }
  }
}
