// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.event.Redaction;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replaces the secrets in an action, and in the decision about it, by markers. Immutable and
 * thread-safe.
 */
public final class ActionRedactor {
  /** The kind of the action that is recorded in place of one whose redaction failed. */
  public static final String FAILED = Redaction.FAILED;

  /**
   * The largest action that is redacted, in characters: four times what a payload records
   * unchanged.
   */
  static final int MAX_CHARS = 4 << 20;

  /** The most redactions of an action: their list has to fit into a payload. */
  static final int MAX_REDACTIONS = 1000;

  private static final String UNREADABLE_REASON =
      "the reason is not recorded, because its redaction failed";

  private final List<SecretDetector> detectors;
  private final List<JsonPath> paths;
  private final Markers markers;

  private ActionRedactor(List<SecretDetector> detectors, List<JsonPath> paths, byte[] key) {
    this.detectors = List.copyOf(detectors);
    this.paths = List.copyOf(paths);
    this.markers = Markers.of(key);
  }

  /** Returns a redactor of the known forms of secrets, configured patterns and paths. */
  public static ActionRedactor of(List<SecretDetector> patterns, List<JsonPath> paths, byte[] key) {
    List<SecretDetector> detectors = new ArrayList<>();
    detectors.add(Scanner.INSTANCE);
    detectors.addAll(patterns);
    return new ActionRedactor(detectors, paths, key);
  }

  /** Returns a configured pattern; see {@link PatternDetector#of}. */
  public static SecretDetector pattern(String id, String pattern) {
    return PatternDetector.of(id, pattern);
  }

  /** Returns a text with its secrets replaced by their detectors' names, without digests. */
  public static String scrub(String text) {
    List<Found> found = new ArrayList<>();
    Scanner.INSTANCE.find(text, false, found);
    return Replacement.of(text, found, secret -> Markers.PREFIX + secret.detector());
  }

  /**
   * An action and its decision with markers in place of secrets.
   *
   * @param redactions the markers, in the order of their places
   */
  public record Result(
      AgentAction action, ExplainedDecision decision, List<Redaction> redactions) {}

  /**
   * Replaces the secrets in an action and in the decision about it. Never throws: if the redaction
   * fails, a stub replaces the action, and the decision keeps only its rules.
   *
   * @return empty if nothing is replaced
   */
  public Optional<Result> redact(AgentAction action, ExplainedDecision decision) {
    try {
      RedactionRun run = new RedactionRun(this, decision.explanation());
      Result once = once(run, action, decision);
      if (once.redactions().isEmpty()) {
        return Optional.empty();
      }
      // Now the secrets are known, and they are also replaced where only a name had shown them.
      return Optional.of(once(run.again(), action, decision));
    } catch (Throwable e) { // An Error must not put a secret on record either.
      return Optional.of(stub(action, decision, e));
    }
  }

  /** Returns texts about an action with the secrets of the action and of the texts replaced. */
  public List<String> texts(AgentAction action, List<String> texts) {
    try {
      Explanation none = Explanation.NONE;
      RedactionRun run = new RedactionRun(this, none);
      once(run, action, new ExplainedDecision(new Allow(), none));
      RedactionRun known = run.again();
      return texts.stream().map(text -> known.prose("/text", text)).toList();
    } catch (Throwable e) { // An Error must not show a secret either.
      return texts.stream().map(text -> UNREADABLE_REASON).toList();
    }
  }

  /** Returns a name with the secrets that their form shows replaced by markers. */
  public String name(String name) {
    List<Found> found = secretsByForm(name);
    return Replacement.of(
        name,
        found,
        each -> {
          String secret = name.substring(each.start(), each.end());
          return Markers.marker(each.detector(), markers.digest(secret));
        });
  }

  /** Returns the secrets in a text that their form shows. */
  static List<Found> secretsByForm(String text) {
    List<Found> found = new ArrayList<>();
    Scanner.INSTANCE.find(text, false, found);
    found.removeIf(Found::isNamed);
    return found;
  }

  /**
   * Returns the lines of a text that have a secret which its form shows, as {@code line 3:
   * github_token}.
   */
  public static List<String> linesWithSecrets(String text) {
    List<String> lines = new ArrayList<>();
    for (Found each : secretsByForm(text)) {
      long line = 1 + text.substring(0, each.start()).chars().filter(c -> c == '\n').count();
      lines.add("line %s: %s".formatted(line, each.detector()));
    }
    return lines;
  }

  private Result once(RedactionRun run, AgentAction action, ExplainedDecision decision) {
    AgentAction redacted = action(run, action);
    Explanation explanation = explanation(run, decision.explanation());
    Decision answer = decision(run, decision.decision());
    return new Result(
        redacted, new ExplainedDecision(answer, explanation), List.copyOf(run.redactions()));
  }

  List<SecretDetector> detectors() {
    return detectors;
  }

  List<JsonPath> paths() {
    return paths;
  }

  Markers markers() {
    return markers;
  }

  private static AgentAction action(RedactionRun run, AgentAction action) {
    if (action instanceof Bash bash) {
      String command = run.shell("/action/command", bash.command());
      return new Bash(
          command,
          bash.cwd().map(cwd -> run.text("/action/cwd", cwd)),
          bash.home().map(home -> run.text("/action/home", home)),
          bash.shell().map(shell -> run.text("/action/shell", shell)));
    }
    if (action instanceof ProcessSpawn spawn) {
      List<String> words = new ArrayList<>();
      words.add(spawn.binary());
      words.addAll(spawn.args());
      List<String> redacted = run.arguments(words);
      return new ProcessSpawn(redacted.get(0), redacted.subList(1, redacted.size()));
    }
    if (action instanceof ToolCall call) {
      return new ToolCall(
          run.text("/action/tool", call.tool()), run.json("arguments", call.arguments()));
    }
    if (action instanceof Custom custom) {
      return new Custom(
          run.text("/action/custom_kind", custom.customKind()),
          run.json("payload", custom.payload()));
    }
    if (action instanceof NetworkRequest request) {
      return new NetworkRequest(
          run.text("/action/host", request.host()),
          run.text("/action/scheme", request.scheme()),
          request.port(),
          request.path().map(path -> run.text("/action/path", path)));
    }
    if (action instanceof FilesystemWrite write) {
      return new FilesystemWrite(run.text("/action/path", write.path()), write.byteEstimate());
    }
    Read read = (Read) action;
    return new Read(
        run.text("/action/surface", read.surface()),
        read.namespace().map(namespace -> run.text("/action/namespace", namespace)),
        read.query().map(query -> run.text("/action/query", query)));
  }

  private static Explanation explanation(RedactionRun run, Explanation explanation) {
    if (explanation.isEmpty()) {
      return explanation;
    }
    Optional<String> command =
        explanation.effectiveCommand().map(text -> run.shell("/effective_command", text));
    List<String> facts = new ArrayList<>();
    for (String fact : explanation.facts()) {
      facts.add(run.prose("/facts/" + facts.size(), fact));
    }
    return new Explanation(explanation.matched(), facts, command);
  }

  private static Decision decision(RedactionRun run, Decision decision) {
    return decision
        .reason()
        .map(reason -> withReason(decision, run.prose("/decision/reason", reason)))
        .orElse(decision);
  }

  private static Decision withReason(Decision decision, String reason) {
    if (decision instanceof Warn warn) {
      return new Warn(warn.rule(), reason);
    }
    if (decision instanceof Escalate escalate) {
      return new Escalate(escalate.rule(), reason);
    }
    return decision instanceof Refuse refuse ? new Refuse(refuse.rule(), reason) : decision;
  }

  /** Returns what is recorded if the redaction fails: nothing that the agent wrote. */
  private Result stub(AgentAction action, ExplainedDecision decision, Throwable failure) {
    Decision answer = decision.decision();
    if (answer.reason().isPresent()) {
      answer = withReason(answer, UNREADABLE_REASON);
    }
    Explanation explanation =
        new Explanation(decision.explanation().matched(), List.of(), Optional.empty());
    CanonicalWriter out = new CanonicalWriter().beginObject();
    List<Redaction> redactions = List.of();
    try {
      CanonicalWriter whole = new CanonicalWriter();
      action.write(whole);
      String json = new String(whole.toBytes(), StandardCharsets.UTF_8);
      String digest = markers.digest(json);
      out.member("bytes", whole.length()).member("cause", failure.getClass().getSimpleName());
      out.member("digest", digest);
      redactions = List.of(new Redaction("/action", FAILED, digest, json.length()));
    } catch (Throwable e) { // The stub has no digest if even that fails.
      out = new CanonicalWriter().beginObject();
    }
    out.member("kind", action.kind()).endObject();
    return new Result(
        new Custom(FAILED, JsonValue.of(out)),
        new ExplainedDecision(answer, explanation),
        redactions);
  }
}
