// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.base.Text;
import dev.indelible.crypto.Sha256;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import tools.jackson.databind.JsonNode;

/**
 * Decides by asking the daemon over its Unix socket, one connection for each question. A process
 * that another user runs is not asked, because whoever may create a file in the socket's directory
 * could answer in the daemon's place.
 */
public final class DaemonJudge implements Judge {
  /** Longest wait for an answer, as in the hook client. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private final Path socket;
  private final String owner;
  private final Duration limit;

  /**
   * Creates a judge.
   *
   * @param socket the daemon's socket
   * @param owner the name of the user that runs the daemon
   */
  public DaemonJudge(Path socket, String owner) {
    this(socket, owner, LIMIT);
  }

  DaemonJudge(Path socket, String owner, Duration limit) {
    this.socket = socket;
    this.owner = owner;
    this.limit = limit;
  }

  @Override
  public Verdict decide(GateRequest asked) throws IOException {
    CanonicalWriter out = new CanonicalWriter().beginObject().name("action");
    asked.action().write(out);
    out.member("agent_id", asked.agentId()).member("session", asked.agent().session());
    out.member("tool_hash", asked.toolHash()).endObject();
    Answer answer = ask(out.toBytes());
    try {
      JsonFields members = JsonFields.of(CanonicalJson.read(answer.body()), "answer");
      if (answer.status() != 200) {
        throw new IOException(
            "the daemon answers with status %s: %s"
                .formatted(answer.status(), members.optionalString("detail").orElse("")));
      }
      return new Verdict(
          members.string("decision"),
          text(members, "id"),
          text(members, "rule_id"),
          text(members, "reason"));
    } catch (JsonFormatException e) {
      throw new IOException("the daemon's answer cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<String> text(JsonFields members, String name) throws JsonFormatException {
    return members.node(name).isNull() ? Optional.empty() : members.optionalString(name);
  }

  /**
   * Sends a report that the daemon cannot read as a question, so that it refuses and records the
   * report. Sent as it is, the message could be a valid question and be recorded as permitted.
   */
  @Override
  public void refuseUnreadable(byte[] input, long line, String problem) throws IOException {
    CanonicalWriter out = new CanonicalWriter().beginObject().name("refused_message").beginObject();
    out.member("bytes", input.length).member("line", line).member("problem", problem);
    out.member("sha256", HexFormat.of().formatHex(Sha256.hash(input))).endObject().endObject();
    Answer answer = ask(out.toBytes());
    boolean isRecorded;
    try {
      JsonNode refusal = CanonicalJson.read(answer.body()).path("refusal");
      isRecorded = answer.status() == 400 && refusal.path("id").isString();
    } catch (JsonFormatException e) {
      isRecorded = false;
    }
    if (!isRecorded) {
      throw new IOException(
          "the daemon records no refusal, and answers with status " + answer.status());
    }
  }

  private record Answer(int status, byte[] body) {}

  private Answer ask(byte[] content) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      Executor later = CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS);
      CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> close(channel), later);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
        requireOwner(channel);
        send(channel, content);
        return read(channel);
      } catch (ClosedChannelException e) {
        throw new IOException("no answer within %s seconds".formatted(limit.toSeconds()), e);
      } finally {
        closing.cancel(false);
      }
    } catch (IOException e) {
      throw new IOException("%s: %s; is the daemon running?".formatted(socket, e.getMessage()), e);
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing to do: the question is over.
    }
  }

  private void requireOwner(SocketChannel channel) throws IOException {
    String peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
    if (!peer.equals(owner)) {
      throw new IOException("user %s listens there, not %s".formatted(peer, owner));
    }
  }

  private static void send(SocketChannel channel, byte[] content) throws IOException {
    String head =
        "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: %s\r\n\r\n"
                .formatted(content.length);
    for (byte[] part : new byte[][] {head.getBytes(StandardCharsets.US_ASCII), content}) {
      ByteBuffer rest = ByteBuffer.wrap(part);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }
  }

  private static Answer read(SocketChannel channel) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    while (channel.read(buffer) >= 0 && all.size() < MAX_ANSWER_BYTES) {
      all.write(buffer.array(), 0, buffer.position());
      buffer.clear();
    }
    byte[] bytes = all.toByteArray();
    String answer = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = answer.indexOf("\r\n\r\n");
    if (end < 0 || !answer.matches("(?s)HTTP/1\\.1 [0-9]{3} .*")) {
      throw new IOException("not an HTTP answer: " + Text.printable(answer, 80));
    }
    byte[] body = Arrays.copyOfRange(bytes, end + 4, bytes.length);
    int length =
        answer
            .substring(0, end)
            .lines()
            .filter(line -> line.regionMatches(true, 0, "Content-Length:", 0, 15))
            .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
            .findFirst()
            .orElse(-1);
    if (length != body.length) {
      throw new IOException("the answer is cut off");
    }
    return new Answer(Integer.parseInt(answer.substring(9, 12)), body);
  }
}
