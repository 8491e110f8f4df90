// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model on loopback for the clients of agents: it asks for one call of a tool after the other,
 * and then ends its turn. Speaks the streaming APIs of Anthropic, OpenAI (chat completions and
 * responses) and Gemini.
 */
final class ScriptedModel implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * A call of a tool.
   *
   * @param arguments an object; or a text, for a tool of the responses API that takes text
   */
  record Call(String tool, JsonNode arguments) {
    /** Returns a call with arguments given as names and values in turn. */
    static Call of(String tool, String... arguments) {
      var object = JSON.createObjectNode();
      for (int i = 0; i < arguments.length; i += 2) {
        object.put(arguments[i], arguments[i + 1]);
      }
      return new Call(tool, object);
    }

    static Call ofText(String tool, String text) {
      return new Call(tool, JSON.getNodeFactory().stringNode(text));
    }

    String argumentsText() {
      return arguments.isString() ? arguments.stringValue() : arguments.toString();
    }
  }

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private volatile List<Call> script = List.of();

  /** What the model reads about its calls, in order, in the request with most of them. */
  private volatile List<String> results = List.of();

  ScriptedModel() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Starts a script; the results of an earlier one are forgotten. */
  void play(List<Call> calls) {
    script = List.copyOf(calls);
    results = List.of();
  }

  /** Returns what the model read about each call, in order. */
  List<String> results() {
    return results;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestMethod().equals("POST") || path.contains("ountTokens")) {
      send(exchange, "application/json", "{\"data\":[],\"models\":[],\"totalTokens\":1}");
    } else if (path.endsWith("/count_tokens")) {
      send(exchange, "application/json", "{\"input_tokens\":1}");
    } else {
      JsonNode request = JSON.readTree(body);
      String events =
          path.contains("enerateContent")
              ? gemini(request)
              : path.endsWith("/messages")
                  ? anthropic(request)
                  : path.endsWith("/completions") ? completions(request) : responses(request);
      send(exchange, "text/event-stream", events);
    }
  }

  private static void send(HttpExchange exchange, String type, String text) throws IOException {
    byte[] answer = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean hasBody = !exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(200, hasBody ? answer.length : -1);
    if (hasBody) {
      exchange.getResponseBody().write(answer);
    }
    exchange.close();
  }

  /** Returns the next call; null for a request without tools, or after the last call. */
  private Call next(JsonNode request, List<String> read) {
    if (request.path("tools").isEmpty()) {
      return null;
    }
    if (read.size() > results.size()) {
      results = List.copyOf(read);
    }
    return read.size() < script.size() ? script.get(read.size()) : null;
  }

  private String anthropic(JsonNode request) {
    List<String> read = new ArrayList<>();
    for (JsonNode message : request.path("messages")) {
      for (JsonNode block : message.path("content")) {
        if (block.path("type").asString("").equals("tool_result")) {
          read.add(block.path("content").toString());
        }
      }
    }
    Call call = next(request, read);
    String id = "toolu_" + read.size();
    String block =
        call == null
            ? "{\"type\":\"text\",\"text\":\"\"}"
            : "{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":\"%s\",\"input\":{}}"
                .formatted(id, call.tool());
    String delta =
        call == null
            ? "{\"type\":\"text_delta\",\"text\":\"done\"}"
            : "{\"type\":\"input_json_delta\",\"partial_json\":%s}"
                .formatted(quoted(call.argumentsText()));
    return event(
            "message_start",
            "\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
                + "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
                + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}")
        + event("content_block_start", "\"index\":0,\"content_block\":" + block)
        + event("content_block_delta", "\"index\":0,\"delta\":" + delta)
        + event("content_block_stop", "\"index\":0")
        + event(
            "message_delta",
            "\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}"
                .formatted(call == null ? "end_turn" : "tool_use"))
        + event("message_stop", "\"index\":0");
  }

  private String completions(JsonNode request) {
    List<String> read = new ArrayList<>();
    for (JsonNode message : request.path("messages")) {
      if (message.path("role").asString("").equals("tool")) {
        read.add(message.path("content").toString());
      }
    }
    Call call = next(request, read);
    String delta =
        call == null
            ? "{\"role\":\"assistant\",\"content\":\"done\"}"
            : ("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,"
                    + "\"id\":\"call_%s\",\"type\":\"function\",\"function\":{\"name\":\"%s\","
                    + "\"arguments\":%s}}]}")
                .formatted(read.size(), call.tool(), quoted(call.argumentsText()));
    String end = call == null ? "\"stop\"" : "\"tool_calls\"";
    return chunk("[{\"index\":0,\"delta\":%s,\"finish_reason\":null}]".formatted(delta))
        + chunk("[{\"index\":0,\"delta\":{},\"finish_reason\":%s}]".formatted(end))
        + "data: [DONE]\n\n";
  }

  private static String chunk(String choices) {
    return ("data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
            + "\"choices\":%s,\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,"
            + "\"total_tokens\":2}}\n\n")
        .formatted(choices);
  }

  private String responses(JsonNode request) {
    List<String> read = new ArrayList<>();
    for (JsonNode item : request.path("input")) {
      if (item.path("type").asString("").endsWith("_call_output")) {
        read.add(item.path("output").toString());
      }
    }
    Call call = next(request, read);
    String item =
        call == null
            ? "{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"m\",\"content\":[]}"
            : "{\"type\":\"%s\",\"call_id\":\"c%s\",\"name\":\"%s\",\"%s\":%s}"
                .formatted(
                    call.arguments().isString() ? "custom_tool_call" : "function_call",
                    read.size(),
                    call.tool(),
                    call.arguments().isString() ? "input" : "arguments",
                    quoted(call.argumentsText()));
    return event("response.created", "\"response\":{\"id\":\"r\"}")
        + event("response.output_item.done", "\"item\":" + item)
        + event(
            "response.completed",
            "\"response\":{\"id\":\"r\",\"usage\":{\"input_tokens\":0,\"output_tokens\":0,"
                + "\"total_tokens\":0}}");
  }

  private String gemini(JsonNode request) {
    List<String> read = new ArrayList<>();
    for (JsonNode content : request.path("contents")) {
      for (JsonNode part : content.path("parts")) {
        if (part.has("functionResponse")) {
          read.add(part.path("functionResponse").path("response").toString());
        }
      }
    }
    Call call = next(request, read);
    String part =
        call == null
            ? "{\"text\":\"done\"}"
            : "{\"functionCall\":{\"id\":\"f%s\",\"name\":\"%s\",\"args\":%s}}"
                .formatted(read.size(), call.tool(), call.argumentsText());
    return ("data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[%s]},"
            + "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":1,"
            + "\"candidatesTokenCount\":1,\"totalTokenCount\":2}}\n\n")
        .formatted(part);
  }

  private static String event(String type, String members) {
    return "event: %s\ndata: {\"type\":\"%s\",%s}\n\n".formatted(type, type, members);
  }

  private static String quoted(String text) {
    return JSON.writeValueAsString(text);
  }
}
