// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.base.Text;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * The server of MCP over Streamable HTTP: each POST has one message and is answered with one JSON
 * object. There are no sessions and no streams, because the server sends nothing by itself.
 */
public final class McpHttp {
  /** The error of headers that differ from the content (2026-07-28). */
  static final int HEADER_MISMATCH = -32020;

  static final String VERSION = "MCP-Protocol-Version";

  /** The parameter that the header Mcp-Name repeats, by method. */
  private static final Map<String, String> NAMED_BY =
      Map.of(Message.CALL_TOOL, "name", Message.READ_RESOURCE, "uri", "prompts/get", "name");

  static final String BASE64_BEGIN = "=?base64?";
  static final String BASE64_END = "?=";

  private final McpServer server;

  /** Creates a transport of a server. */
  public McpHttp(McpServer server) {
    this.server = server;
  }

  /**
   * The answer to a POST.
   *
   * @param status the HTTP status
   * @param body a JSON-RPC message; empty for status 202
   */
  public record Answer(int status, byte[] body) {}

  /**
   * Answers a POST.
   *
   * @param header returns the value of a header
   */
  public Answer answer(byte[] body, Function<String, Optional<String>> header, McpClient client) {
    Message message;
    try {
      message = Message.readUntrusted(body);
    } catch (MessageException e) {
      return new Answer(400, Message.error(e).bytes());
    }
    if (!message.isRequest()) {
      return new Answer(202, new byte[0]);
    }
    Optional<String> mismatch = mismatch(message, header);
    if (mismatch.isPresent()) {
      return new Answer(
          400, message.error(HEADER_MISMATCH, mismatch.get(), Optional.empty()).bytes());
    }
    Message answer = server.answer(message, client).orElseThrow();
    return new Answer(status(message, answer), answer.bytes());
  }

  /** Returns how the headers of a request differ from its content; empty if they agree. */
  private static Optional<String> mismatch(
      Message request, Function<String, Optional<String>> header) {
    Optional<String> version = header.apply(VERSION);
    if (!request.isStateless()) {
      return version
          .filter(each -> !McpServer.WITH_HANDSHAKE.contains(each))
          .map(each -> "%s: %s is not supported here".formatted(VERSION, printable(each)));
    }
    JsonNode stated = request.params().path("_meta").path(Message.META + "protocolVersion");
    Optional<String> named =
        Optional.ofNullable(NAMED_BY.get(request.method()))
            .map(member -> request.params().path(member).asString(""));
    return differs(VERSION, version, stated.asString(""))
        .or(() -> differs("Mcp-Method", header.apply("Mcp-Method"), request.method()))
        .or(
            () ->
                named.flatMap(
                    name ->
                        differs("Mcp-Name", header.apply("Mcp-Name").map(McpHttp::decode), name)));
  }

  private static Optional<String> differs(String name, Optional<String> value, String expected) {
    return value.equals(Optional.of(expected))
        ? Optional.empty()
        : Optional.of(
            "Header mismatch: %s is %s, and the content has '%s'"
                .formatted(
                    name,
                    value.map(each -> "'" + printable(each) + "'").orElse("missing"),
                    printable(expected)));
  }

  /** Decodes a value that was encoded because a header cannot carry it as it is. */
  private static String decode(String value) {
    if (!value.startsWith(BASE64_BEGIN) || !value.endsWith(BASE64_END)) {
      return value;
    }
    int end = value.length() - BASE64_END.length();
    if (end < BASE64_BEGIN.length()) {
      return value;
    }
    try {
      byte[] decoded = Base64.getDecoder().decode(value.substring(BASE64_BEGIN.length(), end));
      return new String(decoded, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return value;
    }
  }

  private static String printable(String text) {
    return Text.printable(text, 100);
  }

  /**
   * Returns the HTTP status of an answer; in revisions before 2026-07-28, errors have status 200.
   */
  private static int status(Message request, Message answer) {
    if (!request.isStateless()) {
      return 200;
    }
    return switch (answer.json().path("error").path("code").asInt(0)) {
      case 0 -> 200;
      case Message.METHOD_NOT_FOUND -> 404;
      default -> 400;
    };
  }
}
