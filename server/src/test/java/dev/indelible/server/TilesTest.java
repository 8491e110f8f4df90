// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static dev.indelible.server.RunningDaemon.LIMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.access.Role;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The served files equal the files of an export, which Go's tlog package reads (ThirdPartyTest).
 */
@TestInstance(Lifecycle.PER_CLASS)
class TilesTest {
  private static final int ROWS = 600;

  @TempDir static Path temp;
  private RunningDaemon daemon;
  private Path exported;

  @BeforeAll
  void exportMoreThanTwoTiles() throws Exception {
    daemon = RunningDaemon.publishing(temp.resolve("data"));
    String check = "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}";
    daemon.post(
        "/v1/checks", "{\"checks\":[" + String.join(",", Collections.nCopies(ROWS, check)) + "]}");
    exported = temp.resolve("exported");
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> daemon.log().log().export(exported, rows -> {}).checkpoint().size() > ROWS);
  }

  @AfterAll
  void stop() {
    daemon.close();
  }

  private HttpResponse<byte[]> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(daemon.uri("/") + path)).timeout(LIMIT).build();
    return daemon.client().send(request, BodyHandlers.ofByteArray());
  }

  @Test
  void servedFilesEqualAnExport() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.walk(exported)) {
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> !List.of(".lock", "vkeys").contains(file.getFileName().toString()))
              .toList();
    }
    assertThat(files).hasSize(8);
    for (Path file : files) {
      String path = exported.relativize(file).toString();
      assertThat(get(path).body()).as(path).isEqualTo(Files.readAllBytes(file));
    }
  }

  /** Clients of tlog-tiles ask for dozens of files at once. */
  @Test
  void filesAskedForAtOnceAreServed() throws Exception {
    List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
    for (int i = 0; i < LedgerAccess.MAX_WAITING; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(daemon.uri("/") + "tile/entries/000"))
              .timeout(LIMIT)
              .build();
      answers.add(daemon.client().sendAsync(request, BodyHandlers.ofByteArray()));
    }

    for (CompletableFuture<HttpResponse<byte[]>> answer : answers) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }

  /** A client may have an earlier checkpoint, for which a tile that is now full was partial. */
  @Test
  void narrowerTilesAreServed() throws Exception {
    byte[] tile = get("tile/0/000").body();
    byte[] entries = get("tile/entries/000").body();

    byte[] narrow = get("tile/0/000.p/5").body();
    byte[] few = get("tile/entries/000.p/5").body();

    assertThat(narrow).isEqualTo(Arrays.copyOf(tile, 5 * 32));
    assertThat(few).isEqualTo(Arrays.copyOf(entries, few.length)).hasSizeLessThan(entries.length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tile/0/009",
        "tile/0/002.p/255",
        "tile/0/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/1/000",
        "tile/3/000.p/1",
        "tile/63/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/0",
        "tile/entries/000/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/",
        "tile/0"
      })
  void fileThatIsNotInTheLogIsNotFound(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void fileThatNeverChangesMayBeCached() throws Exception {
    assertThat(get("tile/0/000").headers().firstValue("Cache-Control"))
        .hasValueSatisfying(value -> assertThat(value).contains("immutable"));
    assertThat(get("checkpoint").headers().firstValue("Cache-Control")).contains("no-store");
  }

  @Test
  void publishedFilesNeedNoRole() throws Exception {
    daemon.allow();
    try {
      assertThat(get("checkpoint").statusCode()).isEqualTo(200);
      assertThat(get("tile/0/000").statusCode()).isEqualTo(200);
    } finally {
      daemon.allow(Role.values());
    }
  }

  @Test
  void unpublishedFilesNeedTheRoleReader() throws Exception {
    try (RunningDaemon other = new RunningDaemon(temp.resolve("other"))) {
      for (Role role : Role.values()) {
        other.allow(role);
        for (String path : List.of("/checkpoint", "/tile/0/000")) {
          assertThat(other.get(path).statusCode() == 403)
              .as("%s %s", role, path)
              .isNotEqualTo(role == Role.READER || role == Role.ADMIN);
        }
      }
    }
  }

  @Test
  void entriesHaveNoPayloads() throws Exception {
    assertThat(new String(get("tile/entries/000").body(), java.nio.charset.StandardCharsets.UTF_8))
        .contains("agent:a", "payload_hash")
        .doesNotContain("command");
  }
}
