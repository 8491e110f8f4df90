// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.indelible.Indelible;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hook client in C, which the test compiles, against a running daemon. */
@Tag("any-jdk")
class HookClientTest {
  private static final String CODEX =
      "{\"session_id\":\"s\",\"turn_id\":\"t\",\"cwd\":\"/home/dev/p\",\"hook_event_name\":"
          + "\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"%s\"}}";

  @TempDir static Path temp;
  private static Indelible log;
  private static Daemon daemon;

  @BeforeAll
  static void start() throws Exception {
    Path source = Path.of("../packaging/indelible-hook.c").toRealPath();
    assumeThat(hasCompiler()).as("a C compiler is installed").isTrue();
    Process compiler =
        new ProcessBuilder("cc", "-Wall", "-Werror", "-o", client().toString(), source.toString())
            .inheritIO()
            .start();
    assertThat(compiler.waitFor()).isZero();
    log = Indelible.builder(temp.resolve("data")).shutdownHook(false).open();
    daemon = Daemon.start(log, new ServeSettings(null, socket()));
  }

  @AfterAll
  static void stop() throws Exception {
    if (daemon != null) {
      daemon.stop();
      log.closeAndFlush(Duration.ofSeconds(30));
    }
  }

  private static boolean hasCompiler() throws InterruptedException {
    try {
      return new ProcessBuilder("cc", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static Path client() {
    return temp.resolve("indelible-hook");
  }

  private static Path socket() {
    return temp.resolve("run/i.sock");
  }

  private static String owner() throws IOException {
    return Files.getAttribute(temp, "unix:uid").toString();
  }

  /** The outcome of a run of the client. */
  private record Outcome(int status, String out, String err) {}

  private static Outcome run(String input, String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = client().toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Path out = Files.createTempFile(temp, "out", "");
    Path err = Files.createTempFile(temp, "err", "");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // The client ended before it read all of the input. Only its outcome matters.
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @Test
  void answerOfTheDaemonIsPrinted() throws Exception {
    Outcome refused = run(CODEX.formatted("rm -rf /"), "codex", socket().toString(), owner());
    Outcome allowed = run(CODEX.formatted("ls"), "codex", socket().toString(), owner());

    assertThat(refused.status()).isZero();
    assertThat(refused.out()).contains("\"permissionDecision\":\"deny\"", "(recorded as ");
    assertThat(allowed).isEqualTo(new Outcome(0, "", ""));
  }

  @Test
  void longQuestionIsSentWhole() throws Exception {
    Outcome refused =
        run(
            CODEX.formatted("echo " + "x".repeat(200_000) + "; rm -rf /"),
            "codex",
            socket().toString(),
            owner());

    assertThat(refused.out()).contains("\"permissionDecision\":\"deny\"");
  }

  /** Codex has no answer that blocks an event of any name, so the exit status blocks. */
  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "{}"})
  void unreadableEventBlocks(String event) throws Exception {
    Outcome codex = run(event, "codex", socket().toString(), owner());
    Outcome claude = run(event, "claude-code", socket().toString(), owner());

    assertThat(codex.status()).isEqualTo(2);
    assertThat(codex.err()).isNotBlank();
    assertThat(claude.status()).isZero();
    assertThat(claude.out()).contains("\"continue\":false");
  }

  @Test
  void socketOfAnotherUserIsNotAsked() throws Exception {
    Outcome outcome = run(CODEX.formatted("ls"), "codex", socket().toString(), "54321");

    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("not to the daemon's user 54321");
  }

  @Test
  void missingDaemonBlocks() throws Exception {
    Outcome codex = run(CODEX.formatted("ls"), "codex", temp + "/none.sock", owner());
    Outcome copilot = run("{}", "copilot", temp + "/none.sock", owner());

    assertThat(codex.status()).isEqualTo(2);
    assertThat(codex.err()).contains("is the daemon running?");
    assertThat(copilot.status()).isZero();
    assertThat(copilot.out()).contains("\"permissionDecision\":\"deny\"");
  }

  @Test
  void unknownAgentBlocks() throws Exception {
    assertThat(run("{}", "unknown", socket().toString(), owner()).status()).isEqualTo(2);
    assertThat(run("{}", "../x", socket().toString(), owner()).status()).isEqualTo(2);
    assertThat(run("{}").status()).isEqualTo(2);
  }

  /** The answer of the daemon is cut off or malformed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"hook",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "nonsense"
      })
  void answerThatIsCutOffBlocks(String answer) throws Exception {
    Path path = temp.resolve("cut.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      Thread dying =
          new Thread(
              () -> {
                try (SocketChannel channel = server.accept()) {
                  channel.read(ByteBuffer.allocate(4096));
                  channel.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                  // The client has left.
                }
              });
      dying.start();
      Outcome outcome = run(CODEX.formatted("ls"), "codex", path.toString(), owner());
      dying.join();

      assertThat(outcome.status()).isEqualTo(2);
      assertThat(outcome.out()).isEmpty();
      assertThat(outcome.err()).isNotBlank();
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void daemonThatDoesNotAnswerBlocks() throws Exception {
    Path path = temp.resolve("hang.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      Outcome outcome = run(CODEX.formatted("ls"), "codex", path.toString(), owner());

      assertThat(outcome.status()).isEqualTo(2);
      assertThat(outcome.err()).contains("no answer within 5 seconds");
    } finally {
      Files.delete(path);
    }
  }
}
