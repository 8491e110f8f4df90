// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.shell.Redirection;
import dev.indelible.shell.Word;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Redirections of one command (bash manual 3.6): what they do with files and hosts, and the streams
 * of the command.
 */
final class Redirections {
  private static final Set<String> STANDARD = Set.of("0", "1", "2");

  private final Interpreter interpreter;
  private final State state;
  private final Map<String, End> ends = new HashMap<>();
  private final List<Use> uses = new ArrayList<>();
  private final List<Written> written = new ArrayList<>();

  /**
   * The ends of a descriptor: the input that is read from it, and the sink for output that is
   * written to it.
   */
  private record End(Input in, @Nullable Sink out) {}

  /** A file, or connection, that is written while the command runs. */
  private record Written(Value path, Sink sink, boolean isAppended) {}

  private Redirections(Interpreter interpreter, State state, Streams io) {
    this.interpreter = interpreter;
    this.state = state;
    ends.put("0", new End(io.in(), null));
    ends.put("1", new End(io.in(), io.out()));
  }

  /** Reads the redirections from left to right. */
  static Redirections of(List<Redirection> list, Interpreter interpreter, State state, Streams io) {
    Redirections result = new Redirections(interpreter, state, io);
    for (Redirection each : list) {
      result.add(each);
    }
    return result;
  }

  /** Returns the streams of the command. */
  Streams streams() {
    return new Streams(end("0").in(), end("1").out());
  }

  /** Returns what the redirections do with files and hosts. */
  List<Use> uses() {
    return uses;
  }

  private End end(String descriptor) {
    @Nullable End end = ends.get(descriptor);
    if (end != null) {
      return end;
    }
    @Nullable Binding kept = state.variable("&" + descriptor);
    Value content =
        kept == null || kept.alternatives().get(0).isEmpty()
            ? Value.unknown(Origin.INPUT, "")
            : kept.alternatives().get(0).get(0);
    return new End(new Input(content), null);
  }

  private void add(Redirection redirection) {
    String operator = redirection.operator();
    boolean isInput = operator.charAt(0) == '<';
    String descriptor = redirection.descriptor();
    if (descriptor.startsWith("{")) {
      String name = descriptor.substring(1, descriptor.length() - 1);
      state.set(name, Binding.of(Value.of("10")));
      descriptor = "10";
    } else if (descriptor.isEmpty()) {
      descriptor = isInput ? "0" : "1";
    }
    switch (operator) {
      case "<<", "<<-" -> text(descriptor, expand(redirection.document().body()));
      case "<<<" -> text(descriptor, expand(redirection.target()).plus(Value.of("\n")));
      case "<&", ">&" -> duplicate(descriptor, redirection, operator);
      default -> {
        for (Value path : paths(redirection)) {
          open(descriptor, path, operator);
        }
      }
    }
  }

  private Value expand(Word word) {
    return interpreter.expander().single(word, state);
  }

  private List<Value> paths(Redirection redirection) {
    return interpreter.expander().value(redirection.target(), state);
  }

  private void text(String descriptor, Value content) {
    ends.put(descriptor, new End(new Input(content), null));
  }

  private void duplicate(String descriptor, Redirection redirection, String operator) {
    Value target = expand(redirection.target());
    String text = target.isKnown() ? target.prefix() : "";
    if (text.equals("-")) {
      ends.remove(descriptor);
    } else if (isNumber(text)) {
      ends.put(descriptor, text.equals("2") && !ends.containsKey("2") ? NOWHERE : end(text));
    } else if (operator.equals(">&")) {
      open(descriptor, target, "&>");
    } else {
      ends.put(descriptor, new End(new Input(target.sources()), null));
    }
  }

  private static final End NOWHERE = new End(new Input(Value.EMPTY), null);

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9' && text.charAt(i) != '-') {
        return false;
      }
    }
    return !text.isEmpty();
  }

  private void open(String descriptor, Value path, String operator) {
    String prefix = path.prefix();
    boolean isWritten = operator.indexOf('>') >= 0;
    boolean isRead = operator.charAt(0) == '<';
    if (prefix.startsWith("/dev/tcp/") || prefix.startsWith("/dev/udp/")) {
      connect(descriptor, path);
      return;
    }
    Value directory = state.directories().get(0);
    Input in = Input.ofScript();
    if (isRead) {
      List<Value> contents = interpreter.files().read(path, directory, streams());
      in = new Input(contents.get(contents.size() - 1));
      if (!isStream(prefix) && !prefix.startsWith("/dev/fd/")) {
        use(Role.READS, path);
      }
    }
    @Nullable Sink sink = null;
    if (isWritten && isStandard(prefix)) {
      sink = prefix.equals("/dev/stdout") || prefix.equals("/dev/fd/1") ? end("1").out() : null;
    } else if (isWritten) {
      if (!prefix.startsWith("/dev/fd/")) {
        use(Role.WRITES, path);
      }
      sink = new Sink();
      written.add(new Written(path, sink, operator.endsWith(">>")));
    }
    ends.put(descriptor, new End(in, sink));
  }

  private void connect(String descriptor, Value path) {
    Value host = path.from("/dev/tcp/".length());
    if (host.isKnown()) {
      host = Value.of(host.prefix().replace('/', ':'));
    }
    use(Role.CONTACTS, host);
    Sink sink = new Sink();
    written.add(new Written(path, sink, false));
    Value content = Value.unknown(Origin.NETWORK, host.display());
    ends.put(descriptor, new End(new Input(content), sink));
  }

  private void use(Role role, Value argument) {
    uses.add(new Use(role, List.of(argument), "", false, false));
  }

  private static boolean isStandard(String path) {
    return isStream(path) || path.equals("/dev/fd/1") || path.equals("/dev/fd/2");
  }

  private static boolean isStream(String path) {
    return switch (path) {
      case "/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/0" -> true;
      default -> false;
    };
  }

  /** Keeps the descriptors for the commands that follow, as {@code exec} does. */
  void keep(State state) {
    for (Map.Entry<String, End> each : ends.entrySet()) {
      state.set("&" + each.getKey(), Binding.of(each.getValue().in().rest()));
    }
  }

  /** Makes the descriptors above the standard ones known as files, for example /dev/fd/3. */
  void show() {
    for (Map.Entry<String, End> each : ends.entrySet()) {
      if (!STANDARD.contains(each.getKey())) {
        Value content = each.getValue().in().rest();
        interpreter.files().write("/dev/fd/" + each.getKey(), content, false);
        interpreter.files().write("/proc/self/fd/" + each.getKey(), content, false);
      }
    }
  }

  /** Records the written output. Called after the command has run. */
  void finish() {
    for (Written each : written) {
      String prefix = each.path().prefix();
      for (Value content : each.sink().alternatives()) {
        if (prefix.startsWith("/dev/tcp/") || prefix.startsWith("/dev/udp/")) {
          if (content.hasUnknown()) {
            interpreter.emit(
                List.of(), state, List.of(new Use(Role.SENDS, List.of(content), "", false, false)));
          }
          continue;
        }
        String key = Paths.key(each.path(), state.directories().get(0));
        interpreter.files().write(key, content, each.isAppended());
        interpreter.processes().feed(key, content);
      }
    }
  }
}
