// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads an action from the words of a command line: its kind, then the values of that kind. */
final class ActionWords {
  private static final String USAGE =
      "bash COMMAND, filesystem_write PATH, network_request URL, process_spawn BINARY [ARG...],"
          + " read SURFACE [NAMESPACE], tool_call TOOL ARGUMENTS-JSON, or custom KIND PAYLOAD-JSON";

  private static final Set<String> KINDS =
      Set.of(
          Bash.KIND,
          FilesystemWrite.KIND,
          NetworkRequest.KIND,
          ProcessSpawn.KIND,
          Read.KIND,
          ToolCall.KIND,
          Custom.KIND);

  private ActionWords() {}

  /**
   * Reads an action.
   *
   * @param words the kind, then its values
   * @throws CommandFailure if the words fit no form; the message lists all forms
   * @throws JsonFormatException if a word that is JSON, or a URL, cannot be read
   */
  static AgentAction read(List<String> words) throws CommandFailure, JsonFormatException {
    if (words.size() == 1) {
      throw wrong(words);
    }
    try {
      return action(words);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("ACTION: %s", Console.printable(String.valueOf(e.getMessage())));
    }
  }

  private static AgentAction action(List<String> words) throws CommandFailure, JsonFormatException {
    String first = words.get(1);
    return switch (words.get(0)) {
      case Bash.KIND -> new Bash(only(words, 2).get(1));
      case FilesystemWrite.KIND -> new FilesystemWrite(only(words, 2).get(1));
      case NetworkRequest.KIND -> NetworkRequest.ofUrl(only(words, 2).get(1));
      case ProcessSpawn.KIND -> new ProcessSpawn(first, words.subList(2, words.size()));
      case Read.KIND ->
          new Read(
              first,
              words.size() < 3 ? Optional.empty() : Optional.of(only(words, 3).get(2)),
              Optional.empty());
      case ToolCall.KIND -> new ToolCall(first, json(only(words, 3).get(2)));
      case Custom.KIND -> new Custom(first, json(only(words, 3).get(2)));
      default ->
          throw CommandFailure.usage(
              "ACTION: \"%s\" is not a kind of action; put JSON in single quotes, as one"
                  + " argument; or write %s",
              Console.excerpt(words.get(0), 40), USAGE);
    };
  }

  /** Returns true if a word names a kind of action. */
  static boolean isKind(String word) {
    return KINDS.contains(word);
  }

  /** Returns the words; refuses more or fewer than a count. */
  private static List<String> only(List<String> words, int count) throws CommandFailure {
    if (words.size() != count) {
      throw wrong(words);
    }
    return words;
  }

  private static JsonValue json(String text) throws JsonFormatException {
    return JsonValue.of(CanonicalJson.read(text));
  }

  private static CommandFailure wrong(List<String> words) {
    return CommandFailure.usage(
        "ACTION: these words do not fit %s; put a value with spaces in quotes, and write %s",
        words.get(0), USAGE);
  }
}
