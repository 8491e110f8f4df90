// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.event.Redaction;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.redaction.ActionRedactor;
import dev.indelible.redaction.JsonPath;
import dev.indelible.redaction.ScrubbedFailure;
import dev.indelible.redaction.SecretDetector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Replaces secrets in actions, decisions and explanations by markers; {@code docs/redaction.md}
 * describes the detectors, their limits and the file that configures them.
 *
 * <p>Immutable and thread-safe. The time is linear in the length of the action.
 */
public final class Redactor {
  /** The number of bytes of a key. */
  public static final int KEY_BYTES = 32;

  private static final List<String> KEYS = List.of("version", "enabled", "detectors");
  private static final List<String> DETECTOR_KEYS = List.of("id", "pattern", "json_path");
  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9_]{0,39}");

  /** Each pattern costs time in every decision. */
  private static final int MAX_DETECTORS = 100;

  /** The state of a redactor without a file, and of a log that has recorded no other. */
  private static final String NO_FILE = "";

  private final boolean enabled;
  private final String digest;
  private final ActionRedactor actions;

  private Redactor(boolean enabled, String digest, ActionRedactor actions) {
    this.enabled = enabled;
    this.digest = digest;
    this.actions = actions;
  }

  /**
   * An action and its decision without secrets.
   *
   * @param redactions the markers in them
   */
  public record Redacted(
      AgentAction action, ExplainedDecision decision, List<Redaction> redactions) {}

  /**
   * Returns a redactor with the built-in detectors and a new random key: equal secrets have equal
   * digests in its own markers only.
   */
  public static Redactor ofDefaults() {
    return ofDefaults(randomKey());
  }

  private static byte[] randomKey() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return key;
  }

  /** Returns a redactor with the built-in detectors. */
  public static Redactor ofDefaults(byte[] key) {
    return new Redactor(true, NO_FILE, ActionRedactor.of(List.of(), List.of(), key));
  }

  /**
   * Returns the redactor that a YAML file configures; the default one if the file does not exist.
   *
   * @param key the key of the digests
   * @throws PolicyException if any part of the file cannot be used
   */
  public static Redactor load(Path file, byte[] key) throws PolicyException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return ofDefaults(key);
    }
    PolicySource source = PolicySource.at(file);
    return parse(source.yaml(0), file.toString(), key);
  }

  /**
   * Returns the redactor that a YAML file configures, with a new random key: for output that nobody
   * records.
   *
   * @throws PolicyException if any part of the file cannot be used
   */
  public static Redactor load(Path file) throws PolicyException {
    return load(file, randomKey());
  }

  /** Returns the redactor that the text of a file configures. */
  static Redactor parse(String yaml, String source, byte[] key) throws PolicyException {
    Yaml root = Yaml.read(yaml, source);
    Map<String, Yaml> members = root.members(KEYS);
    Yaml version = root.required(members, "version");
    if (version.wholeNumber(Integer.MAX_VALUE) != 1) {
      throw version.error("version is not 1, the only one there is");
    }
    boolean enabled = !members.containsKey("enabled") || members.get("enabled").bool();
    List<SecretDetector> patterns = new ArrayList<>();
    List<JsonPath> paths = new ArrayList<>();
    if (members.containsKey("detectors")) {
      Set<String> ids = new HashSet<>();
      List<Yaml> items = members.get("detectors").items();
      if (items.size() > MAX_DETECTORS) {
        throw members
            .get("detectors")
            .error("there are %s detectors; at most %s".formatted(items.size(), MAX_DETECTORS));
      }
      for (Yaml item : items) {
        readDetector(item, ids, patterns, paths);
      }
    }
    byte[] hash = Sha256.hash(yaml.getBytes(StandardCharsets.UTF_8));
    return new Redactor(
        enabled,
        "sha256:" + HexFormat.of().formatHex(hash),
        ActionRedactor.of(patterns, paths, key));
  }

  private static void readDetector(
      Yaml item, Set<String> ids, Collection<SecretDetector> patterns, Collection<JsonPath> paths)
      throws PolicyException {
    Map<String, Yaml> members = item.members(DETECTOR_KEYS);
    Yaml named = item.required(members, "id");
    String id = named.text();
    if (!ID.matcher(id).matches()) {
      throw named.error(
          "id is %s; use at most 40 small letters, digits and _, beginning with a letter"
              .formatted(Quoted.of(id)));
    }
    if (!ids.add(id)) {
      throw named.error("duplicate id " + Quoted.of(id) + "; every detector has its own");
    }
    Optional<Yaml> pattern = Optional.ofNullable(members.get("pattern"));
    Optional<Yaml> path = Optional.ofNullable(members.get("json_path"));
    if (pattern.isPresent() == path.isPresent()) {
      throw item.error("a detector has either a pattern or a json_path");
    }
    if (pattern.isPresent()) {
      String text = pattern.get().text();
      patterns.add(pattern.get().checked(() -> ActionRedactor.pattern(id, text)));
    } else {
      Yaml value = members.get("json_path");
      String text = value.text();
      paths.add(value.checked(() -> JsonPath.of(id, text)));
    }
  }

  /** Returns true if secrets are replaced. */
  public boolean isEnabled() {
    return enabled;
  }

  /**
   * Returns the event that records these settings: on or off, and the digest of the file if there
   * is one.
   */
  public SystemEvent settings() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("file", Optional.of(digest).filter(text -> !text.isEmpty()));
    out.member("redaction", enabled ? "on" : "off");
    return SystemEvent.of(SystemEvent.REDACTION_SETTINGS, out.endObject());
  }

  /**
   * Reads the details of the event that {@link #settings()} returns.
   *
   * @throws JsonFormatException if a detail is missing or has a wrong type
   */
  public static JsonValue settings(JsonFields details) throws JsonFormatException {
    CanonicalWriter copy = new CanonicalWriter().beginObject();
    copy.member("file", details.optionalString("file"));
    return JsonValue.of(copy.member("redaction", details.string("redaction")).endObject());
  }

  /**
   * Replaces the secrets in an action and in its decision. Never throws: if the redaction fails, a
   * stub replaces the action.
   *
   * @param decision the decision, which was made about the action as the agent wrote it
   */
  public Redacted redact(AgentAction action, ExplainedDecision decision) {
    return (enabled ? actions.redact(action, decision) : Optional.<ActionRedactor.Result>empty())
        .map(found -> new Redacted(found.action(), found.decision(), found.redactions()))
        .orElseGet(() -> new Redacted(action, decision, List.of()));
  }

  /** Returns an agent id or a session with the secrets that their form shows replaced. */
  public String name(String name) {
    return enabled ? actions.name(name) : name;
  }

  /** Returns texts about an action, for example its facts, without the secrets in them. */
  public List<String> texts(AgentAction action, List<String> texts) {
    return enabled ? actions.texts(action, texts) : List.copyOf(texts);
  }

  /**
   * Returns a message that may quote an action, without the secrets that the built-in detectors
   * find in it; for logs and errors, which have no use for digests.
   */
  public static String scrub(String message) {
    return ActionRedactor.scrub(message);
  }

  /** Returns a failure for a log: its messages are those of {@link #scrub(String)}. */
  public static Throwable scrub(Throwable failure) {
    return ScrubbedFailure.of(failure);
  }
}
