// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.SignatureKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a policy file line by line (C2SP tlog-policy). The syntax gives no meaning to bytes above
 * 0x7f, so lines are decoded as ISO 8859-1. Only keys are decoded as UTF-8.
 */
final class PolicyParser {
  /** Maximum number of logs, of witnesses and of groups. The specification requires at least 32. */
  private static final int MAX_OF_A_KIND = 1024;

  private final List<WitnessPolicy.Log> logs = new ArrayList<>();
  private final List<WitnessPolicy.Witness> witnesses = new ArrayList<>();
  private final List<WitnessPolicy.Group> groups = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Set<String> members = new HashSet<>();
  private final Set<SignatureKey> logKeys = new HashSet<>();
  private final Set<SignatureKey> witnessKeys = new HashSet<>();
  private Optional<String> quorum = Optional.empty();
  private int lineNumber;

  WitnessPolicy parse(byte[] bytes) throws CheckpointParseException {
    for (String line : lines(bytes)) {
      lineNumber++;
      List<String> items =
          Arrays.stream(line.split("[ \t]+")).filter(item -> !item.isEmpty()).toList();
      if (!items.isEmpty() && !items.get(0).startsWith("#")) {
        readLine(items, line);
      }
    }
    if (quorum.isEmpty()) {
      throw new CheckpointParseException("policy: no quorum line");
    }
    return new WitnessPolicy(logs, witnesses, groups, quorum.get());
  }

  private static List<String> lines(byte[] bytes) throws CheckpointParseException {
    if (bytes.length > StrictText.MAX_BYTES) {
      throw new CheckpointParseException(
          "policy: %s bytes; the limit is %s".formatted(bytes.length, StrictText.MAX_BYTES));
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x20 && c != '\n' && c != '\t' || c == 0x7f) {
        throw new CheckpointParseException(
            "policy: control character 0x%02x at byte %s".formatted((int) c, i));
      }
    }
    if (!text.endsWith("\n")) {
      throw new CheckpointParseException("policy: no newline at its end");
    }
    return List.of(text.substring(0, text.length() - 1).split("\n", -1));
  }

  private void readLine(List<String> items, String line) throws CheckpointParseException {
    switch (items.get(0)) {
      case "log" -> readLog(items, line);
      case "witness" -> readWitness(items, line);
      case "group" -> readGroup(items, line);
      case "quorum" -> readQuorum(items, line);
      default -> throw refused(line, "neither log, witness, group nor quorum");
    }
  }

  private void readLog(List<String> items, String line) throws CheckpointParseException {
    require(items.size() == 2 || items.size() == 3, line, "not of the form log <vkey> [<url>]");
    VerifierKey key = key(items.get(1), line);
    require(logKeys.add(key.key()), line, "the key of a log listed before");
    logs.add(new WitnessPolicy.Log(key, url(items, 2)));
    requireFew(logs, line);
  }

  private void readWitness(List<String> items, String line) throws CheckpointParseException {
    require(
        items.size() == 3 || items.size() == 4,
        line,
        "not of the form witness <name> <vkey> [<url>]");
    VerifierKey key = key(items.get(2), line);
    require(key.type().isCosignature(), line, "its key is not one that cosigns");
    require(witnessKeys.add(key.key()), line, "the key of a witness listed before");
    define(items.get(1), line);
    witnesses.add(new WitnessPolicy.Witness(items.get(1), key, url(items, 3)));
    requireFew(witnesses, line);
  }

  private void readGroup(List<String> items, String line) throws CheckpointParseException {
    require(items.size() >= 4, line, "not of the form group <name> all|any|<k> <member>...");
    List<String> listed = List.copyOf(items.subList(3, items.size()));
    for (String member : listed) {
      require(
          names.contains(member),
          line,
          StrictText.quote(member) + " is not defined on an earlier line");
      require(
          members.add(member),
          line,
          StrictText.quote(member) + " is a member already, here or of another group");
    }
    int threshold = threshold(items.get(2), listed.size(), line);
    define(items.get(1), line);
    groups.add(new WitnessPolicy.Group(items.get(1), threshold, listed));
    requireFew(groups, line);
  }

  private int threshold(String text, int size, String line) throws CheckpointParseException {
    long threshold =
        switch (text) {
          case "all" -> size;
          case "any" -> 1;
          default -> StrictText.decimal(text, "policy, line %s: threshold".formatted(lineNumber));
        };
    require(
        threshold >= 1 && threshold <= size,
        line,
        "not between 1 and its %s members".formatted(size));
    return (int) threshold;
  }

  private void readQuorum(List<String> items, String line) throws CheckpointParseException {
    require(items.size() == 2, line, "not of the form quorum <name>");
    require(quorum.isEmpty(), line, "a second quorum");
    String name = items.get(1);
    require(
        name.equals(WitnessPolicy.NONE) || names.contains(name),
        line,
        StrictText.quote(name) + " is not defined on an earlier line");
    quorum = Optional.of(name);
  }

  private void define(String name, String line) throws CheckpointParseException {
    require(!name.equals(WitnessPolicy.NONE), line, "the name none is reserved");
    require(names.add(name), line, StrictText.quote(name) + " is defined on an earlier line");
  }

  private VerifierKey key(String item, String line) throws CheckpointParseException {
    byte[] octets = item.getBytes(StandardCharsets.ISO_8859_1);
    try {
      return VerifierKey.parse(StrictText.decode(octets, "vkey"));
    } catch (CheckpointParseException e) {
      throw refused(line, e.getMessage());
    }
  }

  private static Optional<String> url(List<String> items, int at) {
    return items.size() > at ? Optional.of(items.get(at)) : Optional.empty();
  }

  private void requireFew(List<?> ofAKind, String line) throws CheckpointParseException {
    require(
        ofAKind.size() <= MAX_OF_A_KIND, line, "the limit is " + MAX_OF_A_KIND + " of its kind");
  }

  private void require(boolean holds, String line, String otherwise)
      throws CheckpointParseException {
    if (!holds) {
      throw refused(line, otherwise);
    }
  }

  private CheckpointParseException refused(String line, String reason) {
    return StrictText.refused("policy, line " + lineNumber, line, reason);
  }
}
