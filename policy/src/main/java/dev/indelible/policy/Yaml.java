// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.base.Text;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A YAML value with its place, which every error names.
 *
 * @param source the file or other origin
 * @param name the name of the value in errors
 * @param mark the place of its key, or of the value if it has none
 * @param node the value
 */
record Yaml(String source, String name, Optional<Mark> mark, Node node) {
  /** Twice the depth of a policy; deeper input could overflow the stack of the composer. */
  private static final int MAX_DEPTH = 10;

  /** Keys that are not scalars are read here, and refused below with their place. */
  private static final LoadSettings SETTINGS =
      LoadSettings.builder().setAllowNonScalarKeys(true).build();

  /** Reads the single document in {@code text}. */
  static Yaml read(String text, String source) throws PolicyException {
    try {
      requireTree(text, source);
      Node root =
          new Composer(SETTINGS, parser(text))
              .getSingleNode()
              .orElseThrow(
                  () -> error(source, Optional.empty(), "empty; begin with \"version: 1\""));
      return new Yaml(source, "policy", root.getStartMark(), root);
    } catch (MarkedYamlEngineException e) {
      String context = e.getContext() == null ? "" : e.getContext() + ", ";
      throw error(source, e.getProblemMark(), "not YAML: " + context + e.getProblem());
    } catch (ReaderException e) {
      throw new PolicyException(
          "%s: not YAML: character U+%04X is not allowed; remove or escape it"
              .formatted(place(source, text, e.getPosition()), e.getCodePoint()));
    } catch (YamlEngineException e) {
      throw error(source, Optional.empty(), "not YAML 1.2: " + e.getMessage());
    }
  }

  /** Returns the library's parser; its module does not export {@code api.lowlevel}. */
  private static Parser parser(String text) {
    return new ParserImpl(SETTINGS, new StreamReader(SETTINGS, text));
  }

  /** Refuses nesting that could overflow the stack, and aliases, which can expand without bound. */
  private static void requireTree(String text, String source) throws PolicyException {
    int depth = 0;
    for (Parser events = parser(text); events.hasNext(); ) {
      Event event = events.next();
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        default -> {}
      }
      if (depth > MAX_DEPTH) {
        throw error(
            source,
            event.getStartMark(),
            "nested deeper than " + MAX_DEPTH + " levels; no rule needs that");
      }
      if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
        throw error(
            source,
            event.getStartMark(),
            "anchors and aliases are not read; write the value out where it is used");
      }
    }
  }

  /** Returns the members of a mapping, in the order of the file. */
  Map<String, Yaml> members() throws PolicyException {
    if (!(node instanceof MappingNode mapping)) {
      throw mistyped("a mapping");
    }
    Map<String, Yaml> members = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Node key = tuple.getKeyNode();
      String member = new Yaml(source, "a key", key.getStartMark(), key).text();
      Yaml value = new Yaml(source, member, key.getStartMark(), tuple.getValueNode());
      if (members.putIfAbsent(member, value) != null) {
        throw value.error("duplicate key " + Quoted.of(member) + "; keep one of them");
      }
    }
    return members;
  }

  /** Returns the members of a mapping; refuses other keys than {@code known}. */
  Map<String, Yaml> members(Collection<String> known) throws PolicyException {
    Map<String, Yaml> members = members();
    for (Yaml member : members.values()) {
      if (!known.contains(member.name)) {
        throw member.error(Spelling.unknown("key", member.name, known));
      }
    }
    return members;
  }

  /** Returns a required member; {@code members} is the result of {@link #members}. */
  Yaml required(Map<String, Yaml> members, String member) throws PolicyException {
    Yaml value = members.get(member);
    if (value == null) {
      throw error("%s has no \"%s\"; add it".formatted(name, member));
    }
    return value;
  }

  /** Returns the values of a list. */
  List<Yaml> items() throws PolicyException {
    if (!(node instanceof SequenceNode sequence)) {
      throw mistyped("a list");
    }
    List<Yaml> items = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      items.add(new Yaml(source, name + "[" + items.size() + "]", item.getStartMark(), item));
    }
    return items;
  }

  /** Returns a text that is not blank. */
  String text() throws PolicyException {
    if (!node.getTag().equals(Tag.STR) || !(node instanceof ScalarNode scalar)) {
      throw mistyped("text");
    }
    if (scalar.getValue().isBlank()) {
      throw error(name + " is blank; give a text, or leave it out");
    }
    return checked(() -> Text.requireWellFormed(scalar.getValue(), name));
  }

  /** Returns a text, or a list of texts. */
  List<String> texts() throws PolicyException {
    if (!(node instanceof SequenceNode)) {
      return List.of(text());
    }
    List<String> texts = new ArrayList<>();
    for (Yaml item : items()) {
      texts.add(item.text());
    }
    if (texts.isEmpty()) {
      throw error(name + " is an empty list; name at least one, or leave it out");
    }
    return List.copyOf(texts);
  }

  /** Returns a whole number from 0 to {@code max}. */
  long wholeNumber(long max) throws PolicyException {
    String digits = node instanceof ScalarNode scalar ? scalar.getValue() : "";
    if (!node.getTag().equals(Tag.INT)) {
      throw mistyped("a whole number");
    }
    try {
      long value = Long.parseLong(digits);
      if (value >= 0 && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Too large for a long, and so out of bounds.
    }
    throw error("%s is %s; give a whole number from 0 to %s".formatted(name, digits, max));
  }

  /** Returns a boolean. */
  boolean bool() throws PolicyException {
    if (!node.getTag().equals(Tag.BOOL) || !(node instanceof ScalarNode scalar)) {
      throw mistyped("true or false");
    }
    return scalar.getValue().equals("true");
  }

  /** Returns the value on one line, for display. */
  String display() {
    if (node instanceof SequenceNode sequence) {
      List<String> items = new ArrayList<>();
      for (Node item : sequence.getValue()) {
        items.add(new Yaml(source, name, mark, item).display());
      }
      return "[" + String.join(", ", items) + "]";
    }
    if (node instanceof MappingNode mapping) {
      List<String> members = new ArrayList<>();
      for (NodeTuple tuple : mapping.getValue()) {
        String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "…";
        Yaml value = new Yaml(source, key, mark, tuple.getValueNode());
        members.add(key + ": " + value.display());
      }
      return "{" + String.join(", ", members) + "}";
    }
    String value = node instanceof ScalarNode scalar ? scalar.getValue() : "…";
    return node.getTag().equals(Tag.STR) ? Quoted.of(value) : value;
  }

  /**
   * Returns the supplied value; adds the place of this YAML value to an illegal argument's message.
   */
  <T> T checked(Supplier<T> value) throws PolicyException {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw error(e.getMessage());
    }
  }

  /** Returns the place, for example {@code rules.yaml, line 3, column 5}. */
  String place() {
    return place(source, mark);
  }

  /**
   * Returns an error at a place in the value's text.
   *
   * @param line the line in the text, from 1
   * @param column the column in the line, from 1
   */
  PolicyException errorWithin(int line, int column, String problem) {
    Optional<Mark> start = node.getStartMark();
    if (start.isEmpty() || !(node instanceof ScalarNode scalar)) {
      return error(problem);
    }
    Mark mark = start.get();
    String place =
        switch (scalar.getScalarStyle()) {
          case LITERAL ->
              "%s, line %s, column %s"
                  .formatted(source, mark.getLine() + 1 + line, indentation(mark) + column);
          case PLAIN ->
              "%s, line %s, column %s"
                  .formatted(source, mark.getLine() + 1, mark.getColumn() + column);
          case SINGLE_QUOTED, DOUBLE_QUOTED ->
              "%s, line %s, column %s"
                  .formatted(source, mark.getLine() + 1, mark.getColumn() + 1 + column);
          default -> place();
        };
    return new PolicyException(place + ": " + problem);
  }

  /** Returns the number of spaces that indent the first non-blank line after a mark. */
  private static int indentation(Mark mark) {
    int[] text = mark.getBuffer();
    int at = mark.getPointer();
    while (at < text.length && text[at] != '\n') {
      at++;
    }
    int spaces = 0;
    for (at++; at < text.length && (text[at] == ' ' || text[at] == '\n'); at++) {
      spaces = text[at] == ' ' ? spaces + 1 : 0;
    }
    return at < text.length ? spaces : 0;
  }

  PolicyException error(String problem) {
    return error(source, mark, problem);
  }

  private PolicyException mistyped(String expected) {
    boolean scalar = node instanceof ScalarNode && !node.getTag().equals(Tag.NULL);
    String hint = expected.equals("text") && scalar ? "; put it in quotes" : "";
    return error("%s is %s where %s is expected%s".formatted(name, type(), expected, hint));
  }

  private String type() {
    if (node instanceof MappingNode) {
      return "a mapping";
    }
    if (node instanceof SequenceNode) {
      return "a list";
    }
    Tag tag = node.getTag();
    if (tag.equals(Tag.STR)) {
      return "text";
    }
    if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
      return "a number";
    }
    if (tag.equals(Tag.BOOL)) {
      return "a boolean";
    }
    return tag.equals(Tag.NULL) ? "nothing" : "of type " + Quoted.of(tag.getValue());
  }

  private static PolicyException error(String source, Optional<Mark> mark, String problem) {
    return new PolicyException(place(source, mark) + ": " + problem);
  }

  /** Returns the place of an offset in a text, for example {@code rules.yaml, line 3, column 5}. */
  static String place(String source, String text, int offset) {
    String before = text.substring(0, Math.min(offset, text.length()));
    long line = before.chars().filter(c -> c == '\n').count() + 1;
    int column = before.length() - before.lastIndexOf('\n');
    return source + ", line " + line + ", column " + column;
  }

  private static String place(String source, Optional<Mark> mark) {
    return mark.map(
            at -> source + ", line " + (at.getLine() + 1) + ", column " + (at.getColumn() + 1))
        .orElse(source);
  }
}
