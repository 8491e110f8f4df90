// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.decision.Explanation;
import dev.indelible.event.Redaction;
import dev.indelible.json.JsonValue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** One redaction of an action: finds and replaces secrets text by text. Used by one thread. */
final class RedactionRun {
  /** The shortest known secret that is replaced wherever it is, if it is not a word. */
  private static final int MIN_KNOWN_CHARS = 8;

  /** A known secret of this length is replaced wherever it is. */
  private static final int MIN_SENTENCE_CHARS = 16;

  /** A known secret of this length is replaced in prose where it is a word. */
  private static final int MIN_WORD_CHARS = 3;

  /** The shortest beginning of a secret that is replaced at the end of a shortened text. */
  private static final int MIN_BEGINNING_CHARS = 6;

  /** The members of a tool call whose value a shell reads. */
  private static final Set<String> SHELL_MEMBERS = Set.of("command", "cmd", "script", "shell");

  private static final char CUT = '…';

  private final ActionRedactor redactor;
  private final long deadline;
  private final Set<String> factWords;

  /** The secrets of the run before this one, with their detectors. */
  private final Map<String, String> known;

  private final Map<String, String> secrets = new LinkedHashMap<>();
  private final List<Redaction> redactions = new ArrayList<>();
  private int chars;

  RedactionRun(ActionRedactor redactor, Explanation explanation, Duration limit) {
    this(redactor, words(explanation.facts()), Map.of(), System.nanoTime() + limit.toNanos());
  }

  private RedactionRun(
      ActionRedactor redactor, Set<String> factWords, Map<String, String> known, long deadline) {
    this.redactor = redactor;
    this.factWords = factWords;
    this.known = known;
    this.deadline = deadline;
  }

  /** Returns another run, which also replaces the secrets that this one found. */
  RedactionRun again() {
    return new RedactionRun(redactor, factWords, secrets, deadline);
  }

  List<Redaction> redactions() {
    return redactions;
  }

  private static Set<String> words(List<String> facts) {
    if (facts.isEmpty()) {
      return Set.of();
    }
    Set<String> words = new HashSet<>();
    for (String fact : facts) {
      for (String word : fact.split("[ ,]+")) {
        words.add(small(word));
      }
    }
    return words;
  }

  /** Redacts a text that no shell reads. */
  String text(String path, String text) {
    return replaced(path, text, found(text, false), false);
  }

  /** Redacts a shell command. */
  String shell(String path, String command) {
    return replaced(path, command, found(command, true), true);
  }

  /**
   * Redacts a text about the action: a fact, a reason, a message. It may quote the action, also
   * shortened; the secrets of the action are known. In a fact only forms are read, because its
   * words are not the agent's.
   */
  String prose(String path, String text) {
    List<Found> found = found(text, false);
    if (path.startsWith("/facts/")) {
      found.removeIf(Found::isNamed);
    } else {
      addWords(text, found);
    }
    addBeginnings(text, found);
    return replaced(path, text, found, false);
  }

  /** Redacts a program and its arguments. */
  List<String> arguments(List<String> words) {
    ShellView view = ShellView.ofArguments(words);
    List<Found> across = new ArrayList<>();
    Scanner.INSTANCE.findInArguments(view, across);
    List<String> redacted = new ArrayList<>(words.size());
    int start = 0;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      List<Found> found = found(word, false);
      for (Found each : across) {
        if (each.start() >= start && each.end() <= start + word.length()) {
          found.add(
              new Found(each.start() - start, each.end() - start, each.detector(), each.isNamed()));
        }
      }
      String path = i == 0 ? "/action/binary" : "/action/args/" + (i - 1);
      redacted.add(replaced(path, word, found, false));
      start += word.length() + 1;
    }
    return redacted;
  }

  /** Redacts the value of a member of the action. */
  JsonValue json(String member, JsonValue value) {
    boolean isSuspect =
        !known.isEmpty()
            || redactor.detectors().size() > 1
            || !redactor.paths().isEmpty()
            || Scanner.INSTANCE.isSuspect(value.text());
    if (!isSuspect) {
      count(value.text());
      return value;
    }
    Deque<String> place = new ArrayDeque<>(List.of(member));
    int before = redactions.size();
    JsonNode redacted = node(value.tree(), place, false);
    return redactions.size() == before ? value : JsonValue.of(redacted);
  }

  private JsonNode node(JsonNode node, Deque<String> place, boolean isShell) {
    if (node instanceof ObjectNode object) {
      ObjectNode out = JsonNodeFactory.instance.objectNode();
      for (Map.Entry<String, JsonNode> property : object.properties()) {
        String name = text(pointer(place), property.getKey());
        place.addLast(name);
        out.set(name, member(property.getKey(), property.getValue(), place));
        place.removeLast();
      }
      return out;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode out = JsonNodeFactory.instance.arrayNode();
      for (JsonNode element : array) {
        place.addLast(String.valueOf(out.size()));
        out.add(node(element, place, isShell));
        place.removeLast();
      }
      return out;
    }
    String configured = configured(place);
    if (!configured.isEmpty() && !node.isNull()) {
      String text = node.asString();
      return string(replaced(pointer(place), text, whole(text, 0, configured, false), false));
    }
    if (!node.isString()) {
      return node;
    }
    String text = node.stringValue();
    String path = pointer(place);
    return string(isShell ? shell(path, text) : text(path, text));
  }

  private JsonNode member(String name, JsonNode value, Deque<String> place) {
    if (value.isString() || value.isNumber() && Names.isPassword(name)) {
      String text = value.asString();
      String small = small(name);
      List<Found> found = List.of();
      if (small.endsWith("authorization") && text.length() >= MIN_KNOWN_CHARS) {
        found = whole(text, Scanner.afterScheme(text, 0), "authorization", true);
      } else if (Names.isSecret(name) && !text.startsWith("$") && Names.isSecretValue(name, text)) {
        found = whole(text, 0, Names.DETECTOR, true);
      }
      if (!found.isEmpty()) {
        List<Found> all = found(text, false);
        all.addAll(found);
        String replaced = replaced(pointer(place), text, all, false);
        return replaced.equals(text) ? value : string(replaced);
      }
    }
    return node(value, place, SHELL_MEMBERS.contains(small(name)));
  }

  private static List<Found> whole(String text, int start, String detector, boolean isNamed) {
    return start < text.length()
        ? List.of(new Found(start, text.length(), detector, isNamed))
        : List.of();
  }

  /** Returns the detector of the configured path to a place; empty if there is none. */
  private String configured(Deque<String> place) {
    if (redactor.paths().isEmpty()) {
      return "";
    }
    List<String> parts = List.copyOf(place);
    return redactor.paths().stream()
        .filter(path -> path.matches(parts))
        .map(JsonPath::detector)
        .findFirst()
        .orElse("");
  }

  private static StringNode string(String text) {
    return JsonNodeFactory.instance.stringNode(text);
  }

  private static String pointer(Deque<String> place) {
    StringBuilder out = new StringBuilder("/action");
    place.forEach(part -> out.append('/').append(part.replace("~", "~0").replace("/", "~1")));
    return out.toString();
  }

  private void count(String text) {
    chars += text.length();
    if (chars > ActionRedactor.MAX_CHARS) {
      throw new RedactionLimitException("more than " + ActionRedactor.MAX_CHARS + " characters");
    }
  }

  private List<Found> found(String text, boolean isShell) {
    count(text);
    List<Found> found = new ArrayList<>();
    for (SecretDetector detector : redactor.detectors()) {
      detector.find(text, isShell, found);
      if (!found.isEmpty() || redactor.detectors().size() > 1) {
        requireTime();
      }
    }
    addKnown(text, found);
    return found;
  }

  private void requireTime() {
    if (System.nanoTime() - deadline > 0) {
      throw new RedactionLimitException("not done in time");
    }
  }

  /** Returns true if a secret is not a word, so that it is replaced wherever it is. */
  private static boolean isDistinct(String secret) {
    int length = secret.length();
    return length >= MIN_SENTENCE_CHARS
        || length >= MIN_KNOWN_CHARS && Characters.hasDigit(secret, 0, length);
  }

  /** Adds the places where a text has a known secret that is not a word. */
  private void addKnown(String text, List<Found> found) {
    if (known.isEmpty()) {
      return;
    }
    String small = small(text);
    known.forEach(
        (secret, detector) -> {
          requireTime();
          String sought = small(secret);
          int at = isDistinct(secret) ? small.indexOf(sought) : -1;
          while (at >= 0) {
            found.add(new Found(at, at + sought.length(), detector, true));
            at = small.indexOf(sought, at + sought.length());
          }
        });
  }

  /** Adds the places where a text has a known secret that is a word as a word of its own. */
  private void addWords(String text, List<Found> found) {
    known.forEach(
        (secret, detector) -> {
          boolean isWord = secret.length() >= MIN_WORD_CHARS && !isDistinct(secret);
          int at = isWord ? text.indexOf(secret) : -1;
          while (at >= 0) {
            int end = at + secret.length();
            if (isEdge(text, at - 1) && isEdge(text, end)) {
              found.add(new Found(at, end, detector, true));
            }
            at = text.indexOf(secret, end);
          }
        });
  }

  private static boolean isEdge(String text, int at) {
    return at < 0 || at >= text.length() || " \t\n'\"=:,;".indexOf(text.charAt(at)) >= 0;
  }

  /** Adds the beginnings of known secrets after which a text was shortened. */
  private void addBeginnings(String text, List<Found> found) {
    int cut = known.isEmpty() ? -1 : text.indexOf(CUT);
    while (cut >= 0) {
      for (Map.Entry<String, String> each : known.entrySet()) {
        String secret = each.getKey();
        for (int length = Math.min(cut, secret.length() - 1);
            length >= MIN_BEGINNING_CHARS;
            length--) {
          if (text.regionMatches(true, cut - length, secret, 0, length)) {
            found.add(new Found(cut - length, cut, each.getValue(), true));
            break;
          }
        }
      }
      requireTime();
      cut = text.indexOf(CUT, cut + 1);
    }
  }

  /** Replaces the secrets, except values that only their name shows and that are part of a fact. */
  private String replaced(String path, String text, List<Found> found, boolean isShell) {
    if (found.isEmpty()) {
      return text;
    }
    List<Found> replaceable = new ArrayList<>(found);
    replaceable.removeIf(
        each -> each.isNamed() && hasFactWord(text.substring(each.start(), each.end())));
    if (replaceable.isEmpty()) {
      return text;
    }
    ShellView view = isShell ? ShellView.of(text) : null;
    return Replacement.of(
        text,
        replaceable,
        each ->
            view == null
                ? marker(path, text.substring(each.start(), each.end()), each)
                : marker(path, view.unquoted(text, each), each)
                    + view.requote(each.start(), each.end()));
  }

  /** Returns true if a value, or a word of it, is a word of a recorded fact. */
  private boolean hasFactWord(String value) {
    if (factWords.isEmpty()) {
      return false;
    }
    for (String word : small(value).split("\\s+")) {
      if (factWords.contains(word)) {
        return true;
      }
    }
    return false;
  }

  private String marker(String path, String secret, Found found) {
    String digest = redactor.markers().digest(secret);
    if (redactions.size() >= ActionRedactor.MAX_REDACTIONS) {
      throw new RedactionLimitException("more than " + ActionRedactor.MAX_REDACTIONS + " secrets");
    }
    redactions.add(new Redaction(path, found.detector(), digest, secret.length()));
    secrets.putIfAbsent(secret, found.detector());
    return Markers.marker(found.detector(), digest);
  }

  /** Returns a text with small ASCII letters; its length does not change. */
  private static String small(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      char c = chars[i];
      chars[i] = c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
    }
    return new String(chars);
  }
}
