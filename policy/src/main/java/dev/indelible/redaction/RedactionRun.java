// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.decision.Explanation;
import dev.indelible.event.Redaction;
import dev.indelible.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** One redaction of an action: finds and replaces secrets text by text. Used by one thread. */
final class RedactionRun {
  /** The shortest known secret that is replaced wherever it is, if it is not a word. */
  static final int MIN_KNOWN_CHARS = 8;

  /** The detector of a part of a secret that is split over several places. */
  private static final String SPLIT = "split_secret";

  /** The longest part of a known secret that is looked for. */
  private static final int MAX_PART_CHARS = 256;

  /** A known secret of this length is replaced wherever it is. */
  private static final int MIN_SENTENCE_CHARS = 16;

  /** A known secret of this length is replaced in prose where it is a word. */
  private static final int MIN_WORD_CHARS = 3;

  /** The shortest beginning of a secret that is replaced at the end of a shortened text. */
  private static final int MIN_BEGINNING_CHARS = 6;

  private static final char CUT = '…';

  private final ActionRedactor redactor;
  private final Work work;
  private final Set<String> factWords;

  /** The secrets of the run before this one, with their detectors. */
  private final Map<String, String> known;

  private final Map<String, String> secrets = new LinkedHashMap<>();
  private final List<Redaction> redactions = new ArrayList<>();
  private int chars;

  RedactionRun(ActionRedactor redactor, Explanation explanation) {
    this(redactor, words(explanation.facts()), Map.of(), new Work());
  }

  private RedactionRun(
      ActionRedactor redactor, Set<String> factWords, Map<String, String> known, Work work) {
    this.redactor = redactor;
    this.factWords = factWords;
    this.known = known;
    this.work = work;
  }

  /** Returns another run, which also replaces the secrets that this one found. */
  RedactionRun again() {
    return new RedactionRun(redactor, factWords, secrets, work);
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
    List<String> redacted = new ArrayList<>(words.size());
    List<List<Found>> found = foundInArguments(words);
    for (int i = 0; i < words.size(); i++) {
      List<Found> all = found(words.get(i), false);
      all.addAll(found.get(i));
      String path = i == 0 ? "/action/binary" : "/action/args/" + (i - 1);
      redacted.add(replaced(path, words.get(i), all, false));
    }
    return redacted;
  }

  /** Returns the secrets that show only among the arguments of a process, by argument. */
  static List<List<Found>> foundInArguments(List<String> words) {
    ShellView view = ShellView.ofArguments(words);
    List<Found> across = new ArrayList<>();
    Scanner.INSTANCE.findInArguments(view, across);
    List<List<Found>> found = new ArrayList<>(words.size());
    int start = 0;
    for (String word : words) {
      List<Found> inWord = new ArrayList<>();
      for (Found each : across) {
        if (each.start() >= start && each.end() <= start + word.length()) {
          inWord.add(
              new Found(each.start() - start, each.end() - start, each.detector(), each.isNamed()));
        }
      }
      found.add(inWord);
      start += word.length() + 1;
    }
    return found;
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
    int before = redactions.size();
    JsonNode redacted = new JsonRedaction(this, redactor.paths()).redacted(member, value.tree());
    return redactions.size() == before ? value : JsonValue.of(redacted);
  }

  private void count(String text) {
    chars += text.length();
    if (chars > ActionRedactor.MAX_CHARS) {
      throw new RedactionLimitException("more than " + ActionRedactor.MAX_CHARS + " characters");
    }
  }

  /** Returns the secrets in a text, with those that the run before found. */
  List<Found> found(String text, boolean isShell) {
    count(text);
    List<Found> found = new ArrayList<>();
    for (SecretDetector detector : redactor.detectors()) {
      work.spend((long) text.length() * detector.stepsPerChar());
      detector.find(text, isShell, found);
    }
    addKnown(text, found);
    addParts(text, found);
    return found;
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
          work.spend(text.length());
          String sought = small(secret);
          int at = isDistinct(secret) ? small.indexOf(sought) : -1;
          while (at >= 0) {
            found.add(new Found(at, at + sought.length(), detector, true));
            at = small.indexOf(sought, at + sought.length());
          }
        });
  }

  /**
   * Adds the parts of known secrets that a text has in two places, for example in two variables
   * that the shell joins.
   */
  private void addParts(String text, List<Found> found) {
    if (known.isEmpty()) {
      return;
    }
    int start = 0;
    while (start < text.length()) {
      int end = Characters.BASE64URL.endOfRun(text, start, text.length());
      if (end - start >= MIN_KNOWN_CHARS && end - start <= MAX_PART_CHARS) {
        String part = text.substring(start, end);
        for (String secret : known.keySet()) {
          work.spend(secret.length());
          if (secret.length() >= MIN_SENTENCE_CHARS
              && secret.length() > part.length()
              && secret.contains(part)) {
            found.add(new Found(start, end, SPLIT, true));
            break;
          }
        }
      }
      start = end + 1;
    }
  }

  /** Adds the places where a text has a known secret that is a word as a word of its own. */
  private void addWords(String text, List<Found> found) {
    known.forEach(
        (secret, detector) -> {
          work.spend(text.length());
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
        work.spend(secret.length());
        for (int length = Math.min(cut, secret.length() - 1);
            length >= MIN_BEGINNING_CHARS;
            length--) {
          if (text.regionMatches(true, cut - length, secret, 0, length)) {
            found.add(new Found(cut - length, cut, each.getValue(), true));
            break;
          }
        }
      }
      cut = text.indexOf(CUT, cut + 1);
    }
  }

  /** Replaces the secrets, except values that only their name shows and that are part of a fact. */
  String replaced(String path, String text, List<Found> found, boolean isShell) {
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
  static String small(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      char c = chars[i];
      chars[i] = c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
    }
    return new String(chars);
  }
}
