// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.decision.Escalate;
import dev.indelible.mcp.KnownTools.Share;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownToolsTest {
  private static final String ONE = "sha256:" + "1".repeat(64);
  private static final String TWO = "sha256:" + "2".repeat(64);

  @TempDir Path data;

  private Optional<String> objection(String tool, String hash) {
    return new KnownTools(data).objection(tool, hash, Share.ALL).map(Escalate::cause);
  }

  @Test
  void laterDifferentDescriptorIsObjectedTo() throws Exception {
    assertThat(objection("mcp__a__b", ONE)).isEmpty();
    assertThat(objection("mcp__a__b", ONE)).isEmpty();
    assertThat(objection("mcp__a__c", TWO)).isEmpty();
    assertThat(objection("mcp__a__b", TWO).orElseThrow()).contains(ONE, TWO);
    assertThat(new KnownTools(data).list())
        .containsExactly(
            new KnownTools.Known("mcp__a__b", ONE), new KnownTools.Known("mcp__a__c", TWO));
  }

  @Test
  void toolsBeyondTheLimitWaitForAPerson() throws Exception {
    KnownTools tools = new KnownTools(data, 2);
    assertThat(tools.objection("a", ONE, Share.ALL)).isEmpty();
    assertThat(tools.objection("b", ONE, Share.ALL)).isEmpty();
    assertThat(tools.objection("c", ONE, Share.ALL).orElseThrow().cause())
        .contains("indelible tool accept c " + ONE);
    assertThat(tools.list()).hasSize(2);
    assertThat(tools.objection("a", ONE, Share.ALL)).isEmpty();

    tools.accept("c", ONE);

    assertThat(tools.objection("c", ONE, Share.ALL)).isEmpty();
  }

  /**
   * Storing a new tool syncs a file, so a caller does not wait until another caller has stored one.
   */
  @Test
  void newToolDoesNotWaitForAnother() throws Exception {
    KnownTools tools = new KnownTools(data);
    assertThat(tools.objection("a", ONE, Share.ALL)).isEmpty();
    tools.remembering.acquire();

    assertThat(tools.objection("b", ONE, Share.ALL).orElseThrow().cause()).contains("ask again");
    assertThat(tools.objection("a", ONE, Share.ALL)).isEmpty();

    tools.remembering.release();
    assertThat(tools.objection("b", ONE, Share.ALL)).isEmpty();
  }

  @Test
  void acceptedDescriptorReplacesTheKnownOne() throws Exception {
    objection("mcp__a__b", ONE);

    new KnownTools(data).accept("mcp__a__b", TWO);

    assertThat(objection("mcp__a__b", TWO)).isEmpty();
    assertThat(objection("mcp__a__b", ONE)).isPresent();
  }

  @Test
  void callersWithoutACredentialGetHalfOfThePlaces() throws Exception {
    KnownTools tools = new KnownTools(data, 2);
    assertThat(tools.objection("a", ONE, Share.HALF)).isEmpty();

    assertThat(tools.objection("b", ONE, Share.HALF).orElseThrow().cause())
        .contains("knows 1 tools or more", "indelible tool accept b");
    assertThat(tools.objection("b", ONE, Share.ALL)).isEmpty();
    assertThat(tools.objection("b", ONE, Share.HALF)).isEmpty();
  }

  /** A server chooses the names of its tools, and a person may paste the command into a shell. */
  @Test
  void commandInAnObjectionIsQuoted() {
    objection("mcp__a__$(rm -rf ~)'\n", ONE);

    assertThat(objection("mcp__a__$(rm -rf ~)'\n", TWO).orElseThrow())
        .contains("accept 'mcp__a__$(rm -rf ~)'\\''\\x0a' sha256:");
  }

  @Test
  void damagedFileIsObjectedTo() throws Exception {
    objection("mcp__a__b", ONE);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(data.resolve("tools"))) {
      Files.writeString(files.iterator().next(), "{\"hash\":");
    }

    assertThat(objection("mcp__a__b", ONE).orElseThrow()).contains("remove or repair it");
  }

  @Test
  void directoryThatCannotBeWrittenIsObjectedTo() throws Exception {
    Files.writeString(data.resolve("tools"), "a file in the way");

    assertThat(objection("mcp__a__b", ONE)).isPresent();
  }

  /**
   * If different descriptors of a tool arrive at the same time, exactly one becomes the known one.
   */
  @Test
  void oneOfConcurrentDescriptorsBecomesKnown() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 20; round++) {
        String tool = "mcp__a__" + round;
        List<Callable<Boolean>> asking = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          String hash = i % 2 == 0 ? ONE : TWO;
          asking.add(() -> objection(tool, hash).isEmpty());
        }
        int agreed = 0;
        for (Future<Boolean> each : threads.invokeAll(asking)) {
          agreed += each.get() ? 1 : 0;
        }
        assertThat(agreed).isEqualTo(4);
      }
    } finally {
      threads.shutdownNow();
    }
    try (DirectoryStream<Path> rest = Files.newDirectoryStream(data.resolve("tools"), ".new-*")) {
      assertThat(rest).isEmpty();
    }
  }
}
