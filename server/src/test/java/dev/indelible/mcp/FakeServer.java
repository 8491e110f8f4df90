// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server in this process: keeps what it receives, and answers listings and calls of tools. */
final class FakeServer implements Upstream {
  private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();

  /** The pages of the list of tools, by cursor; the first one is that of the empty cursor. */
  final Map<String, String> pages = new ConcurrentHashMap<>();

  /** Methods that get no answer. */
  final List<String> silent = new CopyOnWriteArrayList<>();

  private Listener listener;

  FakeServer start(Listener to) {
    listener = to;
    return this;
  }

  void list(String... descriptors) {
    pages.put("", "{\"tools\":[%s]}".formatted(String.join(",", descriptors)));
  }

  static String tool(String name, String description) {
    return "{\"description\":\"%s\",\"inputSchema\":{\"type\":\"object\"},\"name\":\"%s\"}"
        .formatted(description, name);
  }

  @Override
  public void send(Message message) {
    received.add(message);
    if (silent.contains(message.method())) {
      return;
    }
    if (message.method().equals(Message.LIST_TOOLS)) {
      answer(message, pages.get(message.params().path("cursor").asString("")));
    } else if (message.method().equals(Message.CALL_TOOL)) {
      answer(message, "{\"content\":[]}");
    } else if (message.method().equals(Message.READ_RESOURCE)) {
      answer(message, "{\"contents\":[]}");
    }
  }

  private void answer(Message request, String result) {
    say("{\"id\":%s,\"jsonrpc\":\"2.0\",\"result\":%s}".formatted(request.id(), result));
  }

  /** Sends a line to the gateway. */
  void say(String line) {
    say(line.getBytes(StandardCharsets.UTF_8));
  }

  void say(byte[] line) {
    listener.receive(new Lines.Line(line, new byte[0]));
  }

  void end(String reason) {
    listener.end(reason);
  }

  /** Returns the next message that is not a listing of tools. */
  Message receive() throws Exception {
    while (true) {
      Message next = received.poll(60, TimeUnit.SECONDS);
      assertThat(next).as("a message for the server").isNotNull();
      if (!next.method().equals(Message.LIST_TOOLS)) {
        return next;
      }
    }
  }

  /** Returns everything received and not yet taken. */
  List<Message> rest() {
    List<Message> all = new java.util.ArrayList<>();
    received.drainTo(all);
    return all;
  }

  @Override
  public void close() {}
}
