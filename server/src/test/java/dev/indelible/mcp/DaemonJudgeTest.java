// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.Indelible;
import dev.indelible.action.ToolCall;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.policy.Agent;
import dev.indelible.server.Daemon;
import dev.indelible.server.ServeSettings;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The judge of a gateway, which asks a real daemon over its socket. */
class DaemonJudgeTest {
  private static final String OWNER = System.getProperty("user.name");
  private static final String ONE = "sha256:" + "1".repeat(64);
  private static final String TWO = "sha256:" + "2".repeat(64);

  @TempDir Path temp;
  private Indelible log;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    log = Indelible.builder(temp.resolve("data")).shutdownHook(false).open();
    daemon = Daemon.start(log, new ServeSettings(null, socket()));
  }

  @AfterEach
  void stop() {
    daemon.stop();
    log.closeAndFlush(Duration.ofSeconds(30));
  }

  private Path socket() {
    return temp.resolve("run/i.sock");
  }

  private Judge.Verdict decide(String path, Optional<String> hash) throws Exception {
    JsonValue arguments = JsonValue.parse("{\"path\":\"%s\"}".formatted(path));
    return new DaemonJudge(socket(), OWNER)
        .decide(new GateRequest("agent:a", new ToolCall("mcp__fs__write", arguments), hash));
  }

  @Test
  void daemonDecidesAndKnowsDescriptors() throws Exception {
    assertThat(decide("/tmp/\u20ac", Optional.of(ONE)).permits()).isTrue();
    assertThat(decide("/etc/passwd", Optional.of(ONE)).text())
        .startsWith("refused by rule write-startup");
    assertThat(decide("/tmp/a", Optional.of(TWO)).ruleId()).contains("indelible.tool_changed");
    assertThat(decide("/tmp/a", Optional.of(GateRequest.UNLISTED)).ruleId())
        .contains("indelible.tool_unlisted");
    assertThat(decide("/tmp/a", Optional.empty()).permits()).isTrue();
  }

  @Test
  void daemonRecordsTheSession() throws Exception {
    Agent agent = Agent.claimed("agent:a").inSession(Optional.of("run-1"));
    ToolCall call = new ToolCall("mcp__fs__read", JsonValue.parse("{}"));

    new DaemonJudge(socket(), OWNER).decide(new GateRequest(agent, call, Optional.of(ONE)));

    assertThat(log.queue().drainPending(Duration.ofSeconds(60))).isTrue();
    assertThat(log.log().find(EventQuery.newest(Filter.ALL.session("run-1"))).rows()).hasSize(1);
  }

  /**
   * The gateway refuses these messages, although the daemon could read them as permitted questions.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{}]",
        "{\"action\":{\"command\":\"ls\",\"kind\":\"bash\"},\"agent_id\":\"agent:a\"}"
      })
  void refusedMessageIsRecordedAsRefused(String message) throws Exception {
    new DaemonJudge(socket(), OWNER)
        .refuseUnreadable(message.getBytes(StandardCharsets.UTF_8), 1, "a batch");

    assertThat(log.queue().drainPending(Duration.ofSeconds(60))).isTrue();
    try (LedgerReader reader = log.log().reader()) {
      assertThat(reader.size("governance.refusal")).isEqualTo(1);
      assertThat(reader.size("governance.check")).isZero();
    }
  }

  @Test
  void refusedMessageWithoutARecordIsReported() {
    log.closeAndFlush(Duration.ofSeconds(30));

    assertThatThrownBy(
            () -> new DaemonJudge(socket(), OWNER).refuseUnreadable(new byte[0], 1, "empty"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("records no refusal");
  }

  @Test
  void refusedCallRecordsNoDescriptor() throws Exception {
    assertThat(decide("/etc/passwd", Optional.of(ONE)).permits()).isFalse();

    assertThat(decide("/tmp/a", Optional.of(TWO)).permits()).isTrue();
  }

  @Test
  void answerOfAnotherUserIsNotRead() {
    assertThatThrownBy(
            () -> new DaemonJudge(socket(), "somebody").refuseUnreadable(new byte[0], 1, ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("listens there, not somebody");
  }

  @Test
  void errorOfTheDaemonIsNotADecision() {
    JsonValue large = JsonValue.of(new CanonicalWriter().string("x".repeat(5 << 20)));
    assertThatThrownBy(
            () ->
                new DaemonJudge(socket(), OWNER)
                    .decide(new GateRequest("agent:a", new ToolCall("t", large))))
        .isInstanceOf(IOException.class);
  }

  @Test
  void stoppedDaemonMakesNoDecision() {
    daemon.stop();

    assertThatThrownBy(() -> decide("/tmp/a", Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is the daemon running?");
  }

  @Test
  void silentDaemonMakesNoDecision() throws Exception {
    Path silent = temp.resolve("silent.sock");
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(silent));

      assertThatThrownBy(
              () ->
                  new DaemonJudge(silent, OWNER, Duration.ofSeconds(1))
                      .refuseUnreadable(new byte[] {1}, 1, ""))
          .hasMessageContaining("no answer within 1 seconds");
    }
  }
}
