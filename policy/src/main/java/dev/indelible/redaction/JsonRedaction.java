// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Redacts every text of a JSON value; the names of members show which values are secrets. */
final class JsonRedaction {
  /** The members of a tool call whose value a shell reads. */
  private static final Set<String> SHELL_MEMBERS = Set.of("command", "cmd", "script", "shell");

  /** The members that name the value of another one: {@code {"name":"TOKEN","value":"…"}}. */
  private static final Set<String> NAME_MEMBERS =
      Set.of("name", "key", "id", "field", "label", "element", "selector", "header", "variable");

  /** The members with a value that another member, or the member around them, names. */
  private static final Set<String> VALUE_MEMBERS = Set.of("value", "text", "content", "default");

  /** The longest name of a field that is read as words. */
  private static final int MAX_NAME_CHARS = 64;

  private final RedactionRun run;
  private final List<JsonPath> paths;
  private final Deque<String> place = new ArrayDeque<>();

  JsonRedaction(RedactionRun run, List<JsonPath> paths) {
    this.run = run;
    this.paths = paths;
  }

  /** Returns a value of a member of the action without its secrets. */
  JsonNode redacted(String member, JsonNode value) {
    place.addLast(member);
    return node(value, "", false);
  }

  /**
   * Returns a value without its secrets.
   *
   * @param owner the name of the member that the value belongs to
   */
  private JsonNode node(JsonNode node, String owner, boolean isShell) {
    if (node instanceof ObjectNode object) {
      return object(object, owner);
    }
    if (node instanceof ArrayNode array) {
      return array(array, owner, isShell);
    }
    String configured = configured();
    if (!configured.isEmpty() && !node.isNull()) {
      String text = node.asString();
      return string(run.replaced(pointer(), text, whole(text, 0, configured, false), false));
    }
    if (!node.isString()) {
      return node;
    }
    String text = node.stringValue();
    return string(isShell ? run.shell(pointer(), text) : run.text(pointer(), text));
  }

  private ObjectNode object(ObjectNode object, String owner) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    String named = nameOfValue(object, owner);
    for (Map.Entry<String, JsonNode> property : object.properties()) {
      String name = run.text(pointer(), property.getKey());
      place.addLast(name);
      boolean isValue = !named.isEmpty() && VALUE_MEMBERS.contains(property.getKey());
      out.set(name, member(isValue ? named : property.getKey(), property.getValue()));
      place.removeLast();
    }
    return out;
  }

  /** Returns the secret name of an object's member for a value; empty if it has none. */
  private static String nameOfValue(ObjectNode object, String owner) {
    for (String member : NAME_MEMBERS) {
      JsonNode name = object.get(member);
      if (name != null && name.isString() && name.stringValue().length() <= MAX_NAME_CHARS) {
        for (String word : name.stringValue().split(" ")) {
          if (Names.isSecret(word)) {
            return word;
          }
        }
      }
    }
    return Names.isSecret(owner) ? owner : "";
  }

  private ArrayNode array(ArrayNode array, String owner, boolean isShell) {
    ArrayNode out = JsonNodeFactory.instance.arrayNode();
    List<String> words = new ArrayList<>();
    array.forEach(element -> words.add(element.isString() ? element.stringValue() : ""));
    boolean areTexts = words.size() > 1 && array.values().stream().allMatch(JsonNode::isString);
    List<List<Found>> found = areTexts ? RedactionRun.foundInArguments(words) : List.of();
    boolean isUserAndPassword = RedactionRun.small(owner).endsWith("auth") && words.size() == 2;
    for (JsonNode element : array) {
      int index = out.size();
      place.addLast(String.valueOf(index));
      if (areTexts && !found.get(index).isEmpty()) {
        String text = words.get(index);
        List<Found> all = run.found(text, false);
        all.addAll(found.get(index));
        out.add(string(run.replaced(pointer(), text, all, false)));
      } else if (areTexts && isUserAndPassword && index == 1) {
        out.add(member("password", element));
      } else if (element.isString() && owner.endsWith("s") && Names.isPassword(owner)) {
        out.add(member(owner.substring(0, owner.length() - 1), element));
      } else {
        out.add(node(element, owner, isShell));
      }
      place.removeLast();
    }
    return out;
  }

  private JsonNode member(String name, JsonNode value) {
    if (value.isString() || value.isNumber() && Names.isPassword(name)) {
      String text = value.asString();
      List<Found> named = named(name, text);
      if (!named.isEmpty()) {
        List<Found> all = run.found(text, false);
        all.addAll(named);
        String replaced = run.replaced(pointer(), text, all, false);
        return replaced.equals(text) ? value : string(replaced);
      }
    }
    return node(value, name, SHELL_MEMBERS.contains(RedactionRun.small(name)));
  }

  /** Returns a text as a secret if the name of its member shows that it is one. */
  private static List<Found> named(String name, String text) {
    if (RedactionRun.small(name).endsWith("authorization")
        && text.length() >= RedactionRun.MIN_KNOWN_CHARS) {
      return whole(text, FormReaders.afterScheme(text, 0), "authorization", true);
    }
    boolean isSecret =
        Names.isSecret(name) && !text.startsWith("$") && Names.isSecretValue(name, text);
    return isSecret ? whole(text, 0, Names.DETECTOR, true) : List.of();
  }

  private static List<Found> whole(String text, int start, String detector, boolean isNamed) {
    return start < text.length()
        ? List.of(new Found(start, text.length(), detector, isNamed))
        : List.of();
  }

  /** Returns the detector of the configured path to this place; empty if there is none. */
  private String configured() {
    if (paths.isEmpty()) {
      return "";
    }
    List<String> parts = List.copyOf(place);
    return paths.stream()
        .filter(path -> path.matches(parts))
        .map(JsonPath::detector)
        .findFirst()
        .orElse("");
  }

  private static StringNode string(String text) {
    return JsonNodeFactory.instance.stringNode(text);
  }

  private String pointer() {
    StringBuilder out = new StringBuilder("/action");
    place.forEach(part -> out.append('/').append(part.replace("~", "~0").replace("/", "~1")));
    return out.toString();
  }
}
