// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A killed witness remembers what it cosigned, even if it never sent the answer. */
@Timeout(300)
class WitnessKilledTest {
  private static final int KILLS = 8;

  @TempDir Path temporary;
  private WitnessDirectory directory;
  private final TestedLog log = new TestedLog("log.example/audit", 1).grow("a", 40);
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeEach
  void init() throws Exception {
    directory = new WitnessDirectory(temporary.resolve("witness"));
    directory.init("witness.example/w1", SignatureType.COSIGNATURE);
    directory.trust(log.key());
  }

  /** Kills the witness after it stored the cosignature and before it answers. */
  @Test
  void storedCosignatureIsRememberedAfterAKill() throws Exception {
    Path request = Files.writeString(temporary.resolve("request"), log.request(0));
    WitnessProcess child = WitnessProcess.deciding(directory, request);
    assertThat(child.firstLine()).isEqualTo("200");
    child.kill();

    try (WitnessDirectory.Open open = directory.open()) {
      TestedLog fork = log.rolledBack(20).grow("b", 40);
      assertThat(ask(open, fork.request(0)).status()).isEqualTo(409);
      assertThat(ask(open, fork.request(40)).status()).isEqualTo(422);
      assertThat(ask(open, log.request(40)).status()).isEqualTo(200);
    }
  }

  private static WitnessAnswer ask(WitnessDirectory.Open open, String request) {
    return open.witness().addCheckpoint(request.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Kills the witness at random moments while two forks of one log send requests as fast as they
   * can. All cosignatures, and the checkpoint that the witness remembers, belong to one fork.
   */
  @Test
  void repeatedlyKilledWitnessCosignsOneFork() throws Exception {
    Random random = new Random(4711);
    TestedLog fork = log.rolledBack(20).grow("b", 20);
    List<Checkpoint> cosigned = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      WitnessProcess child = WitnessProcess.serving(directory);
      int port = child.port();
      askOver(port, i % 2 == 0 ? fork : log, cosigned);
      Thread killer =
          new Thread(
              () -> {
                try {
                  Thread.sleep(random.nextInt(400));
                  child.kill();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      killer.start();
      try {
        while (true) {
          askOver(port, i % 2 == 0 ? fork : log, cosigned);
          askOver(port, i % 2 == 0 ? log : fork, cosigned);
        }
      } catch (IOException e) {
        // The request failed because the witness was killed.
      }
      killer.join();
    }
    try (WitnessDirectory.Open open = directory.open()) {
      byte[] kept = open.witness().checkpoint(WitnessMemory.nameOf("log.example/audit")).body();
      cosigned.add(SignedCheckpoint.parse(kept).unverified());
    }
    requireOneGrowth(cosigned);
  }

  /** Grows a fork, and requests a cosignature from the size that the witness states. */
  private void askOver(int port, TestedLog growth, List<Checkpoint> cosigned) throws Exception {
    growth.grow(growth == log ? "a" : "b", 1);
    String request = growth.request(0);
    HttpResponse<String> answer = post(port, request);
    if (answer.statusCode() == 409) {
      int last = Integer.parseInt(answer.body().strip());
      if (last > growth.size()) {
        growth.grow(growth == log ? "a" : "b", last - growth.size());
      }
      request = growth.request(last);
      answer = post(port, request);
    }
    if (answer.statusCode() == 200) {
      cosigned.add(
          Checkpoint.parse(request.substring(request.indexOf("\n\n") + 2).split("\n\n")[0] + "\n"));
    }
  }

  private HttpResponse<String> post(int port, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/add-checkpoint"))
            .timeout(Duration.ofSeconds(60))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void requireOneGrowth(List<Checkpoint> cosigned) {
    assertThat(cosigned).hasSizeGreaterThan(1);
    int most = cosigned.stream().mapToInt(each -> (int) each.size()).max().orElseThrow();
    TestedLog one = log.rolledBack(20).grow("a", most - 20);
    TestedLog other = log.rolledBack(20).grow("b", most - 20);
    assertThat(
            cosigned.stream().allMatch(each -> one.root((int) each.size()).equals(each.root()))
                || cosigned.stream()
                    .allMatch(each -> other.root((int) each.size()).equals(each.root())))
        .as(cosigned::toString)
        .isTrue();
  }
}
