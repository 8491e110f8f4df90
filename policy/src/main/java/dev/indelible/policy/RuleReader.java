// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads the rules of all files of a policy; ids are unique across the files. */
final class RuleReader {
  private static final long FORMAT_VERSION = 1;
  private static final List<String> FILE_KEYS = List.of("version", "rules");
  private static final List<String> RULE_KEYS =
      List.of("id", "severity", "reason", "match", "enabled");
  private static final Map<String, Severity> SEVERITIES =
      Arrays.stream(Severity.values()).collect(Collectors.toMap(Severity::label, s -> s));

  private final List<CompiledRule> rules = new ArrayList<>();
  private final Map<String, String> placesById = new HashMap<>();

  /** Adds the rules of one file. */
  void read(String yaml, String source) throws PolicyException {
    Yaml file = Yaml.read(yaml, source);
    Map<String, Yaml> members = file.members();
    // The version is checked first: another version may have other keys.
    if (members.containsKey("version")) {
      requireVersion(members.get("version"));
    }
    file.members(FILE_KEYS);
    file.required(members, "version");
    for (Yaml rule : file.required(members, "rules").items()) {
      readRule(rule);
    }
  }

  /** Returns the enabled rules in the order of the files. */
  List<CompiledRule> rules() {
    return List.copyOf(rules);
  }

  private static void requireVersion(Yaml version) throws PolicyException {
    if (version.wholeNumber(Integer.MAX_VALUE) != FORMAT_VERSION) {
      throw version.error(
          "version %s is not known; this release reads version %s"
              .formatted(version.display(), FORMAT_VERSION));
    }
  }

  private void readRule(Yaml yaml) throws PolicyException {
    Map<String, Yaml> members = yaml.members(RULE_KEYS);
    Yaml id = yaml.required(members, "id");
    requireUnused(id);
    Yaml match = yaml.required(members, "match");
    Map<String, Yaml> matchMembers = match.members();
    String kind = kind(match.required(matchMembers, "kind"));
    requireConditionsOf(kind, matchMembers);
    String idText = id.text();
    Severity severity = severity(yaml.required(members, "severity"));
    String reason = yaml.required(members, "reason").text();
    Rule rule =
        yaml.checked(
            () -> new Rule(idText, severity, reason, describe(kind, matchMembers.values())));
    CompiledRule compiled = new CompiledRule(rule, kind, Conditions.read(kind, matchMembers));
    if (!members.containsKey("enabled") || members.get("enabled").bool()) {
      rules.add(compiled);
    }
  }

  private void requireUnused(Yaml id) throws PolicyException {
    String earlier = placesById.putIfAbsent(id.text(), id.place());
    if (earlier != null) {
      throw id.error(
          "id %s is already used at %s; give one of the rules another id"
              .formatted(Quoted.of(id.text()), earlier));
    }
  }

  private static Severity severity(Yaml yaml) throws PolicyException {
    Severity severity = SEVERITIES.get(yaml.text());
    if (severity == null) {
      List<String> known = Arrays.stream(Severity.values()).map(Severity::label).toList();
      throw yaml.error(Spelling.unknown("severity", yaml.text(), known));
    }
    return severity;
  }

  private static String kind(Yaml yaml) throws PolicyException {
    if (!AgentAction.KINDS.contains(yaml.text())) {
      throw yaml.error(Spelling.unknown("kind", yaml.text(), AgentAction.KINDS));
    }
    return yaml.text();
  }

  private static void requireConditionsOf(String kind, Map<String, Yaml> match)
      throws PolicyException {
    Collection<String> known = new ArrayList<>(Conditions.of(kind));
    known.add("kind");
    for (Yaml member : match.values()) {
      if (!known.contains(member.name()) && Conditions.exists(member.name())) {
        throw member.error(
            "condition \"%s\" does not belong to kind %s, which takes %s"
                .formatted(member.name(), kind, String.join(", ", Conditions.of(kind))));
      }
      if (!known.contains(member.name())) {
        throw member.error(Spelling.unknown("key", member.name(), known));
      }
    }
  }

  private static String describe(String kind, Collection<Yaml> match) {
    StringBuilder out = new StringBuilder(kind);
    for (Yaml member : match) {
      if (!member.name().equals("kind")) {
        out.append(", ").append(member.name()).append(": ").append(member.display());
      }
    }
    return out.toString();
  }
}
