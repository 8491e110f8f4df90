// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.base.Home;
import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.LinkResolver;
import dev.indelible.canonical.Surroundings;
import dev.indelible.canonical.UnexpandedPath;
import dev.indelible.command.Commands;
import dev.indelible.command.Context;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what an action does. The facts have the same form for every kind of action: a shell
 * command, a started process, a write, a read, a request or a tool call.
 *
 * <p>Reads only the action: no host, no environment, and no file, except for links if it follows
 * them. Throws nothing. A part that it cannot read becomes the fact {@link Verb#OPAQUE}.
 * Thread-safe.
 */
public final class FactReader {
  private static final Set<String> FILE_SURFACES =
      Set.of("filesystem", "file", "files", "fs", "disk", "local");
  private static final Set<String> WEB_SURFACES =
      Set.of("web", "http", "https", "url", "network", "internet", "browser");

  private final Guard guard;
  private final @Nullable LinkResolver links;

  /** The place of an action that does not name its place. */
  private final Scene start;

  /**
   * Cache: the place of the last action that named one, which the next action is likely to repeat.
   */
  private volatile Scene last;

  /**
   * Creates a reader.
   *
   * @param guard knows what belongs to the gate
   */
  public FactReader(Guard guard) {
    this.guard = guard;
    this.links = null;
    this.start = Scene.of("", "", Context.of("", ""));
    this.last = start;
  }

  /**
   * Creates a reader for agents whose files this process sees: an action that does not name its
   * working directory or home has those of this process.
   *
   * @param guard knows what belongs to the gate
   * @param links follows the links in paths
   */
  public FactReader(Guard guard, LinkResolver links) {
    this.guard = guard;
    this.links = links;
    this.start =
        Scene.of("", "", Context.of(Path.of("").toAbsolutePath().toString(), Home.directory()));
    this.last = start;
  }

  /** Returns what an action does. */
  public Reading read(AgentAction action) {
    Surroundings surroundings = Surroundings.unknown();
    try {
      Scene scene = scene(action);
      surroundings = scene.surroundings();
      Collected facts = new Collected(guard, surroundings, links != null);
      read(action, scene.context(), facts);
      if (links != null) {
        facts.follow(links);
      }
      return new Reading(facts.done(), surroundings);
    } catch (RuntimeException
        | StackOverflowError e) { // An action that cannot be read must not be allowed.
      Fact opaque =
          new Fact(
              Verb.OPAQUE,
              new Operand.Detail("cannot be read: " + e.getClass().getSimpleName()),
              Cause.ACTION);
      return new Reading(new Facts(List.of(opaque), List.of()), surroundings);
    }
  }

  private Scene scene(AgentAction action) {
    String directory = action instanceof Bash bash ? bash.cwd().orElse("") : "";
    String home = action instanceof Bash bash ? bash.home().orElse("") : "";
    if (directory.isEmpty() && home.isEmpty()) {
      return start;
    }
    Scene scene = last;
    if (!scene.directory().equals(directory) || !scene.home().equals(home)) {
      scene = Scene.of(directory, home, start.context().in(directory, home));
      last = scene;
    }
    return scene;
  }

  /** The place of an action: the directory and home that it names, and what follows from them. */
  private record Scene(String directory, String home, Context context, Surroundings surroundings) {
    static Scene of(String directory, String home, Context context) {
      Surroundings surroundings = Surroundings.of(context.workingDirectory(), context.home());
      return new Scene(directory, home, context, surroundings);
    }
  }

  private static void read(AgentAction action, Context context, Collected facts) {
    if (action instanceof Bash bash) {
      readBash(bash, context, facts);
    } else if (action instanceof ProcessSpawn spawn) {
      List<Value> argv = new ArrayList<>();
      argv.add(Value.of(spawn.binary()));
      spawn.args().forEach(argument -> argv.add(Value.of(argument)));
      facts.addAll(Commands.ofCommand(argv, context));
    } else if (action instanceof ToolCall call) {
      List<Use> uses = ToolTable.read(call.tool(), call.arguments().tree());
      facts.addAll(Commands.ofUses(List.of(Value.of(call.tool())), uses, context));
      facts.request(DaemonRequests.ofTool(call.arguments().tree()), Cause.ACTION);
    } else if (action instanceof FilesystemWrite write) {
      facts.path(Verb.WRITES, UnexpandedPath.value(write.path()), false, Cause.ACTION);
    } else if (action instanceof NetworkRequest request) {
      CanonicalHost host =
          CanonicalHost.ofRequest(request.scheme(), request.host(), request.port().orElse(-1));
      facts.add(Verb.CONTACTS, new Operand.Host(host), Cause.ACTION);
      facts.request(DaemonRequests.ofRequest(host, request.path().orElse("")), Cause.ACTION);
    } else if (action instanceof Read read) {
      readRead(read, facts);
    } else if (!(action instanceof Custom)) {
      throw new IllegalStateException("no facts for " + action.kind());
    }
  }

  private static void readBash(Bash bash, Context context, Collected facts) {
    String shell = bash.shell().orElse("").toLowerCase(Locale.ROOT);
    if (shell.contains("powershell") || shell.contains("pwsh") || shell.equals("cmd")) {
      Use code =
          new Use(
              Role.RUNS_CODE,
              List.of(Value.of(bash.command())),
              shell.equals("cmd") ? "cmd" : "powershell",
              false,
              false);
      facts.addAll(Commands.ofUses(List.of(Value.of(shell)), List.of(code), context));
    } else {
      facts.addAll(Commands.of(bash.command(), context));
      facts.finishScript(bash.command());
      if (isWindows(bash.cwd().orElse(""))) {
        // Windows has several shells; in some, a backslash separates the components of a path.
        if (bash.command().indexOf('\\') >= 0) {
          facts.addAll(Commands.of(bash.command().replace("\\", "\\\\"), context));
        }
        for (String language : List.of("cmd", "powershell")) {
          List<Value> text = List.of(Value.of(bash.command()));
          Use code = new Use(Role.RUNS_CODE, text, language, false, false);
          facts.addAll(Commands.ofUses(List.of(Value.of(language)), List.of(code), context));
        }
      }
    }
  }

  private static boolean isWindows(String directory) {
    return directory.length() > 1 && directory.charAt(1) == ':' || directory.startsWith("\\\\");
  }

  private static void readRead(Read read, Collected facts) {
    String surface = read.surface().toLowerCase(Locale.ROOT);
    Optional<String> place = read.namespace().filter(text -> !text.isEmpty());
    if (place.isPresent() && FILE_SURFACES.contains(surface)) {
      // A search reads everything below its place.
      facts.path(
          Verb.READS, UnexpandedPath.value(place.get()), read.query().isPresent(), Cause.ACTION);
    } else if (place.isPresent() && WEB_SURFACES.contains(surface)) {
      facts.contacts(Value.of(place.get()), Cause.ACTION);
    }
  }
}
