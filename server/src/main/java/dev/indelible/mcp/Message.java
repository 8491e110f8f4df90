// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A JSON-RPC 2.0 message of MCP, read strictly. Numbers, and so ids, stay as they were sent.
 *
 * @param json the message; shared, must not be changed
 */
record Message(ObjectNode json) {
  static final String CALL_TOOL = "tools/call";
  static final String LIST_TOOLS = "tools/list";
  static final String READ_RESOURCE = "resources/read";
  static final String INITIALIZE = "initialize";
  static final String CANCELLED = "notifications/cancelled";
  static final String TOOLS_CHANGED = "notifications/tools/list_changed";

  /** Prefix of the metadata with which each request states protocol and client (2026-07-28). */
  static final String META = "io.modelcontextprotocol/";

  static final int PARSE_ERROR = -32700;
  static final int INVALID_REQUEST = -32600;
  static final int METHOD_NOT_FOUND = -32601;
  static final int INVALID_PARAMS = -32602;
  static final int INTERNAL_ERROR = -32603;

  /** The error of a refused read; outside the range that JSON-RPC reserves. */
  static final int REFUSED = 403;

  /** The members that a message may have. */
  private static final Set<String> MEMBERS =
      Set.of("error", "id", "jsonrpc", "method", "params", "result");

  private static final String ID = "\"id\"\\s*:\\s*(-?[0-9]{1,15}|\"[\\w.:-]{1,200}\")\\s*";

  /** The id as the first member, or the second after the version. */
  private static final Pattern ID_FIRST =
      Pattern.compile("^\\s*\\{\\s*(?:\"jsonrpc\"\\s*:\\s*\"2.0\"\\s*,\\s*)?" + ID + "[,}]");

  /** The id as the last member. */
  private static final Pattern ID_LAST = Pattern.compile(",\\s*" + ID + "\\}\\s*$");

  /**
   * Reads a message from UTF-8.
   *
   * @throws MessageException if it is not exactly one message; the exception has the id if it can
   *     be found
   */
  static Message read(byte[] utf8) throws MessageException {
    return read(utf8, CanonicalJson::readUnrounded);
  }

  /**
   * Reads a message of an unknown sender from UTF-8.
   *
   * @throws MessageException if it is not exactly one message, or has too many values
   */
  static Message readUntrusted(byte[] utf8) throws MessageException {
    return read(utf8, CanonicalJson::readUntrustedUnrounded);
  }

  private interface Reader {
    JsonNode read(byte[] utf8) throws JsonFormatException;
  }

  private static Message read(byte[] utf8, Reader reader) throws MessageException {
    JsonNode node;
    try {
      node = reader.read(utf8);
    } catch (JsonFormatException e) {
      throw new MessageException(PARSE_ERROR, idIn(utf8, utf8), String.valueOf(e.getMessage()));
    }
    if (!(node instanceof ObjectNode object)) {
      throw new MessageException(
          INVALID_REQUEST,
          Optional.empty(),
          node.isArray() ? "send each message by itself, not in a batch" : "send a JSON object");
    }
    Optional<JsonNode> id = object.optional("id");
    if (!object.path("jsonrpc").asString("").equals("2.0")) {
      throw new MessageException(INVALID_REQUEST, id, "jsonrpc: give \"2.0\"");
    }
    JsonNode method = object.get("method");
    if (method != null ? !method.isString() : !object.has("result") && !object.has("error")) {
      throw new MessageException(INVALID_REQUEST, id, "method: give a string");
    }
    return new Message(object);
  }

  /**
   * Returns the id that an unreadable message seems to have, so that its sender gets an answer.
   *
   * @param head the beginning of the message
   * @param tail its end
   */
  static Optional<JsonNode> idIn(byte[] head, byte[] tail) {
    Optional<String> found = find(ID_LAST, tail, Math.max(0, tail.length - 512), tail.length);
    if (found.isEmpty()) {
      found = find(ID_FIRST, head, 0, Math.min(512, head.length));
    }
    try {
      return found.isEmpty() ? Optional.empty() : Optional.of(CanonicalJson.read(found.get()));
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> find(Pattern pattern, byte[] text, int from, int to) {
    Matcher matcher =
        pattern.matcher(new String(text, from, to - from, StandardCharsets.ISO_8859_1));
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /**
   * Returns this message if every parser agrees on its kind, id and method. A parser that ignores
   * case takes {@code Method} for {@code method}; another may prefer a result to a method.
   *
   * @throws MessageException if it has a member that JSON-RPC does not define, or a method and a
   *     result or error
   */
  Message requireExactMembers() throws MessageException {
    for (String name : json.propertyNames()) {
      if (!MEMBERS.contains(name)) {
        throw invalid(Text.printable(name, 100) + ": unknown member");
      }
    }
    if (json.has("method") && (json.has("result") || json.has("error"))) {
      throw invalid("method: a response has none");
    }
    return this;
  }

  private MessageException invalid(String problem) {
    return new MessageException(INVALID_REQUEST, json.optional("id"), problem);
  }

  /** Returns the method; empty for a response. */
  String method() {
    return json.path("method").asString("");
  }

  /** Returns true for a message that expects a response. */
  boolean isRequest() {
    return json.has("method") && json.has("id");
  }

  /** Returns true for a response. */
  boolean isResponse() {
    return !json.has("method");
  }

  /** Returns the text of the id, by which ids are compared; empty without one. */
  String id() {
    return idText(json.path("id"));
  }

  static String idText(JsonNode id) {
    return id.isMissingNode() ? "" : text(id);
  }

  /** Returns the parameters; a missing node without them. */
  JsonNode params() {
    return json.path("params");
  }

  /** Returns true for a request that states the protocol itself, as from 2026-07-28 on. */
  boolean isStateless() {
    return params().path("_meta").has(META + "protocolVersion");
  }

  /** Returns the bytes of this message, without a line break. */
  byte[] bytes() {
    return write(json);
  }

  /** Returns the result of this request. */
  Message result(Consumer<CanonicalWriter> members) {
    return answer(
        json.optional("id"),
        out -> {
          out.name("result").beginObject();
          members.accept(out);
          out.endObject();
        });
  }

  /** Returns the error of this request, with the members of its data, if there are any. */
  Message error(int code, String message, Optional<Consumer<CanonicalWriter>> data) {
    return answer(json.optional("id"), errorMember(code, message, data));
  }

  /** Returns the error of a message that cannot be read. */
  static Message error(MessageException unreadable) {
    String message = String.valueOf(unreadable.getMessage());
    return answer(unreadable.id(), errorMember(unreadable.code(), message, Optional.empty()));
  }

  private static Consumer<CanonicalWriter> errorMember(
      int code, String message, Optional<Consumer<CanonicalWriter>> data) {
    return out -> {
      out.name("error").beginObject().member("code", code);
      if (data.isPresent()) {
        out.name("data").object(data, members -> members.accept(out));
      }
      out.member("message", message).endObject();
    };
  }

  private static Message answer(Optional<JsonNode> id, Consumer<CanonicalWriter> member) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.name("id").text(id.map(Message::text).orElse("null"));
    member.accept(out.member("jsonrpc", "2.0"));
    return of(out.endObject());
  }

  /** Returns a message that was written here. */
  static Message of(CanonicalWriter written) {
    try {
      return new Message((ObjectNode) CanonicalJson.readUnrounded(written.toBytes()));
    } catch (JsonFormatException e) {
      throw new IllegalStateException("a message that was written does not read back", e);
    }
  }

  /** Returns the JSON text of a value, with its members in order and its numbers unrounded. */
  static String text(JsonNode node) {
    return new String(write(node), StandardCharsets.UTF_8);
  }

  private static byte[] write(JsonNode node) {
    CanonicalWriter out = new CanonicalWriter();
    write(node, out);
    return out.toBytes();
  }

  private static void write(JsonNode node, CanonicalWriter out) {
    switch (node.getNodeType()) {
      case OBJECT -> {
        out.beginObject();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
          out.name(member.getKey());
          write(member.getValue(), out);
        }
        out.endObject();
      }
      case ARRAY -> {
        out.beginArray();
        for (JsonNode element : node.values()) {
          write(element, out.element());
        }
        out.endArray();
      }
      case STRING -> out.string(node.stringValue());
      case NUMBER -> out.text(node.numberValue().toString());
      case BOOLEAN -> out.text(Boolean.toString(node.booleanValue()));
      default -> out.text("null");
    }
  }
}
