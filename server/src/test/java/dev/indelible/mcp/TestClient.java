// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.json.CanonicalJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** The client of a gateway in this process: sends lines and receives messages. */
final class TestClient {
  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  private final PipedOutputStream sending = new PipedOutputStream();
  private final InputStream toGateway;

  TestClient() throws IOException {
    toGateway = new PipedInputStream(sending, 1 << 16);
  }

  InputStream toGateway() {
    return toGateway;
  }

  PrintStream fromGateway() {
    return new PrintStream(
        new OutputStream() {
          private final ByteArrayOutputStream line = new ByteArrayOutputStream();

          @Override
          public void write(int b) {
            if (b == '\n') {
              received.add(line.toString(StandardCharsets.UTF_8));
              line.reset();
            } else {
              line.write(b);
            }
          }
        },
        false,
        StandardCharsets.UTF_8);
  }

  void send(String line) {
    send((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  void send(byte[] bytes) {
    try {
      sending.write(bytes);
      sending.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void close() {
    try {
      sending.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the text of the next message. */
  String receiveText() throws Exception {
    String line = received.poll(60, TimeUnit.SECONDS);
    assertThat(line).as("a message from the gateway").isNotNull();
    return line;
  }

  /** Returns the next message. */
  JsonNode receive() throws Exception {
    return CanonicalJson.readUnrounded(receiveText().getBytes(StandardCharsets.UTF_8));
  }

  int waiting() {
    return received.size();
  }
}
