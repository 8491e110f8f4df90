// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the rules of all files of a policy; ids are unique across the files. */
final class RuleReader {
  private static final long FORMAT_VERSION = 1;
  private static final List<String> FILE_KEYS =
      List.of("version", "default", "mode", "approvers", "rules");
  private static final List<String> RULE_KEYS =
      List.of(
          "id",
          "description",
          "severity",
          "reason",
          "when",
          "match",
          "agents",
          "except",
          "labels",
          "mode",
          "expires",
          "enabled");
  private static final List<String> SEVERITIES =
      Arrays.stream(Severity.values()).map(Severity::label).toList();
  private static final List<String> MODES = Arrays.stream(Mode.values()).map(Mode::label).toList();

  /** A signed answer is verified with each key; more approvers are a mistake. */
  private static final int MAX_APPROVERS = 100;

  private static final List<String> DEFAULTS = List.of("allow", "refuse");

  private final List<CompiledRule> rules = new ArrayList<>();
  private final Map<String, String> placesById = new HashMap<>();
  private final Set<String> approvers = new LinkedHashSet<>();
  private Optional<Yaml> byDefault = Optional.empty();
  private Optional<Yaml> mode = Optional.empty();

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
    if (members.containsKey("default")) {
      byDefault = once(members.get("default"), DEFAULTS, byDefault);
    }
    if (members.containsKey("mode")) {
      mode = once(members.get("mode"), MODES, mode);
    }
    if (members.containsKey("approvers")) {
      readApprovers(members.get("approvers"));
    }
    for (Yaml rule : file.required(members, "rules").items()) {
      readRule(rule);
    }
  }

  /** Returns the enabled rules in the order of the files, in the mode of the policy. */
  List<CompiledRule> rules() throws PolicyException {
    return mode() == Mode.SHADOW
        ? rules.stream().map(CompiledRule::inShadowMode).toList()
        : List.copyOf(rules);
  }

  /** Returns the mode of the whole policy; {@link Mode#ENFORCE} leaves each rule its own. */
  Mode mode() throws PolicyException {
    return mode.isPresent() ? Mode.values()[MODES.indexOf(mode.get().text())] : Mode.ENFORCE;
  }

  /** Returns true if an action that no rule matches is refused. */
  boolean refusesByDefault() throws PolicyException {
    return byDefault.isPresent() && byDefault.get().text().equals("refuse");
  }

  /** Returns the keys of the approvers of all files, each once. */
  List<String> approvers() {
    return List.copyOf(approvers);
  }

  private void readApprovers(Yaml list) throws PolicyException {
    for (Yaml item : list.items()) {
      String text = item.text();
      approvers.add(item.checked(() -> approver(text)));
    }
    if (approvers.size() > MAX_APPROVERS) {
      throw list.error(
          "there are %s approvers; at most %s".formatted(approvers.size(), MAX_APPROVERS));
    }
  }

  private static String approver(String text) {
    try {
      if (VerifierKey.parse(text).type() == SignatureType.ED25519) {
        return text;
      }
      throw new IllegalArgumentException("an approver's key is one of type Ed25519");
    } catch (CheckpointParseException e) {
      throw new IllegalArgumentException(
          "an approver is a public key of the form name+id+key: " + e.getMessage(), e);
    }
  }

  private static void requireVersion(Yaml version) throws PolicyException {
    if (version.wholeNumber(Integer.MAX_VALUE) != FORMAT_VERSION) {
      throw version.error(
          "version %s is not known; this release reads version %s"
              .formatted(version.display(), FORMAT_VERSION));
    }
  }

  /** Returns a setting of the whole policy, which must not differ between its files. */
  private static Optional<Yaml> once(Yaml yaml, Collection<String> known, Optional<Yaml> other)
      throws PolicyException {
    word(yaml, yaml.name(), known);
    if (other.isPresent() && !other.get().text().equals(yaml.text())) {
      throw yaml.error(
          "%s is %s here and %s at %s; give one of them"
              .formatted(yaml.name(), yaml.text(), other.get().text(), other.get().place()));
    }
    return Optional.of(yaml);
  }

  private void readRule(Yaml yaml) throws PolicyException {
    Map<String, Yaml> members = yaml.members(RULE_KEYS);
    Yaml id = yaml.required(members, "id");
    requireUnused(id);
    String idText = id.text();
    Severity severity =
        Severity.values()[
            SEVERITIES.indexOf(word(yaml.required(members, "severity"), "severity", SEVERITIES))];
    Yaml reasonYaml = yaml.required(members, "reason");
    String reason = reasonYaml.text();
    Rule.Settings settings = settings(members);
    List<Glob> agents = globs(members, "agents");
    List<Glob> except = globs(members, "except");
    CompiledRule rule;
    if (members.containsKey("when")) {
      if (members.containsKey("match")) {
        throw members
            .get("match")
            .error("a rule has either \"when\" or \"match\"; write two rules");
      }
      When when = When.read(members.get("when"));
      Rule shown = yaml.checked(() -> new Rule(idText, severity, reason, when.display(), settings));
      ReasonText text = reasonYaml.checked(() -> ReasonText.withFields(reason));
      rule = new CompiledRule(shown, when.clauses(), agents, except, text);
    } else {
      Yaml match = yaml.required(members, "match");
      Map<String, Yaml> matchMembers = match.members();
      String kind = word(match.required(matchMembers, "kind"), "kind", AgentAction.KINDS);
      requireConditionsOf(kind, matchMembers);
      Rule shown =
          yaml.checked(
              () ->
                  new Rule(
                      idText, severity, reason, describe(kind, matchMembers.values()), settings));
      Clause clause =
          new Clause(
              Optional.empty(),
              new Trigger.Kinds(Set.of(kind)),
              Conditions.read(kind, matchMembers));
      rule = new CompiledRule(shown, List.of(clause), agents, except, ReasonText.plain(reason));
    }
    if (!members.containsKey("enabled") || members.get("enabled").bool()) {
      rules.add(rule);
    }
  }

  private static List<Glob> globs(Map<String, Yaml> members, String key) throws PolicyException {
    List<Glob> globs = new ArrayList<>();
    if (members.containsKey(key)) {
      for (String glob : members.get(key).texts()) {
        globs.add(members.get(key).checked(() -> Glob.compile(glob)));
      }
    }
    return globs;
  }

  private static List<String> texts(Map<String, Yaml> members, String key) throws PolicyException {
    return members.containsKey(key) ? members.get(key).texts() : List.of();
  }

  private static Rule.Settings settings(Map<String, Yaml> members) throws PolicyException {
    String description =
        members.containsKey("description") ? members.get("description").text() : "";
    Mode mode =
        members.containsKey("mode")
            ? Mode.values()[MODES.indexOf(word(members.get("mode"), "mode", MODES))]
            : Mode.ENFORCE;
    Optional<Instant> expires =
        members.containsKey("expires")
            ? Optional.of(instant(members.get("expires")))
            : Optional.empty();
    return new Rule.Settings(
        description,
        mode,
        texts(members, "agents"),
        texts(members, "except"),
        texts(members, "labels"),
        expires);
  }

  /** Reads a date, which means its first moment in UTC, or a time with its zone. */
  private static Instant instant(Yaml yaml) throws PolicyException {
    String text = yaml.text();
    try {
      return text.length() == "2026-01-31".length()
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
          : Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw yaml.error(
          "expires is %s; give a date such as \"2027-01-31\", or a time such as"
                  .formatted(Quoted.of(text))
              + " \"2027-01-31T12:00:00Z\"");
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

  /** Returns a text that is one of the known words. */
  private static String word(Yaml yaml, String what, Collection<String> known)
      throws PolicyException {
    if (!known.contains(yaml.text())) {
      throw yaml.error(Spelling.unknown(what, yaml.text(), known));
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
