// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server in this process: keeps what it receives, and answers listings and calls of tools. */
final class FakeServer implements Upstream {
  private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();

  /** The pages of the list of tools, by cursor; the first one is that of the empty cursor. */
  final Map<String, String> pages = new ConcurrentHashMap<>();

  private Listener listener;

  /** The method whose requests wait for {@link #answerHeld}; guarded by this. */
  private String heldMethod = "";

  /** Guarded by this. */
  private final List<Message> held = new ArrayList<>();

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
    if (!isHeld(message)) {
      answer(message);
    }
  }

  private synchronized boolean isHeld(Message message) {
    return message.method().equals(heldMethod) && held.add(message);
  }

  /** Lets requests of a method wait. */
  synchronized void hold(String method) {
    heldMethod = method;
  }

  /** Answers the requests that wait, and later ones at once. */
  void answerHeld() {
    List<Message> waiting;
    synchronized (this) {
      heldMethod = "";
      waiting = List.copyOf(held);
    }
    waiting.forEach(this::answer);
  }

  private void answer(Message message) {
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
