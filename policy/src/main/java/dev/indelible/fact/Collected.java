// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.LinkResolver;
import dev.indelible.canonical.LinkResolver.Request;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.canonical.Surroundings;
import dev.indelible.canonical.UnexpandedPath;
import dev.indelible.command.EffectiveCommand;
import dev.indelible.program.PatchScanner;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The facts of an action while it is read. Used by one thread. */
final class Collected {
  /** Paths that give a container control of the machine if they are mounted into it. */
  private static final PathPatterns MOUNTS_OF_THE_MACHINE =
      PathPatterns.of(
          List.of(
              "/",
              "~",
              "/home",
              "/etc",
              "/root",
              "/var/run/docker.sock",
              "/run/docker.sock",
              "/var/run",
              "/run",
              "/proc",
              "/sys",
              "/dev",
              "/boot",
              "/var/lib/docker",
              "/run/containerd/containerd.sock",
              "/run/podman/podman.sock",
              "C:\\"));

  /** The detail of a deletion that destroys the content of a file, not its name. */
  private static final String CONTENT = "content";

  private static final Value ENVIRONMENT = Value.of("/proc/self/environ");

  private final Guard guard;
  private final Surroundings surroundings;

  /** True if each fact about a path is collected with a request to follow its links. */
  private final boolean followsLinks;

  private final DaemonRequests requestsToDaemon = new DaemonRequests();
  private final List<Fact> facts = new ArrayList<>();
  private final List<Cause> commands = new ArrayList<>();

  /** The working directory of the last command; usually the next command has it as well. */
  private Value lastDirectory = Value.EMPTY;

  private CanonicalPath lastDirectoryPath;

  /**
   * Facts about paths of this machine; {@link #requests} has one request for each, in this order.
   */
  private final List<Fact> onPaths = new ArrayList<>();

  private final List<Request> requests = new ArrayList<>();

  Collected(Guard guard, Surroundings surroundings, boolean followsLinks) {
    this.guard = guard;
    this.surroundings = surroundings;
    this.followsLinks = followsLinks;
    lastDirectoryPath = surroundings.workingDirectory();
  }

  /** Adds each fact about a path a second time if links lead to a different path. */
  void follow(LinkResolver links) {
    if (requests.isEmpty()) {
      return;
    }
    LinkResolver.Followed followed = links.follow(surroundings, requests);
    boolean isElsewhere = followed.surroundings() != surroundings;
    for (int i = 0; i < requests.size(); i++) {
      Fact fact = onPaths.get(i);
      CanonicalPath written = requests.get(i).path();
      CanonicalPath path = followed.paths().get(i);
      if (path != written || isElsewhere) {
        Operand.Path operand = new Operand.Path(path, followed.surroundings(), written);
        // A link in a home may lead out of it.
        boolean isOwn = path == written || !fact.isOwnOwner();
        String manner = isOwn ? fact.manner() : Use.OWNER;
        path(fact.verb(), operand, fact.isRecursive(), manner, fact.cause());
      }
    }
  }

  Facts done() {
    return new Facts(facts, commands);
  }

  /**
   * Adds the request to the daemon that the commands of a script make together. Called after all
   * were added.
   */
  void finishScript(String text) {
    requestsToDaemon
        .sent(text)
        .ifPresent(sent -> detail(Verb.CHANGES_GUARD, sent.text(), sent.cause()));
  }

  /** Adds a request that is for people, if there is one. */
  void request(Optional<String> request, Cause cause) {
    request.ifPresent(text -> detail(Verb.CHANGES_GUARD, text, cause));
  }

  void add(Verb verb, Operand operand, Cause cause) {
    facts.add(new Fact(verb, operand, cause));
  }

  private void detail(Verb verb, String detail, Cause cause) {
    add(verb, new Operand.Detail(detail), cause);
  }

  /** Adds a fact about a path relative to the action's working directory. */
  void path(Verb verb, Value path, boolean isRecursive, Cause cause) {
    path(verb, new Named(path, surroundings.workingDirectory()), isRecursive, "", cause);
  }

  /** Adds a fact about the host of a URL; a {@code file:} URL is a read of its file. */
  void contacts(Value url, Cause cause) {
    CanonicalHost host = CanonicalHost.of(url);
    if (host.kind() == CanonicalHost.Kind.FILE) {
      path(Verb.READS, url, false, cause);
    } else if (host.kind() != CanonicalHost.Kind.LOCAL) {
      add(Verb.CONTACTS, new Operand.Host(host), cause);
    }
    if (cause.source() == null) {
      request(DaemonRequests.ofUrl(url), cause);
    }
  }

  /**
   * A path as an action names it.
   *
   * @param isLinkItself true if the operation is on a link itself, not on the link's target
   */
  private record Named(Value value, CanonicalPath directory, boolean isLinkItself) {
    Named(Value value, CanonicalPath directory) {
      this(value, directory, false);
    }
  }

  private void path(Verb verb, Named named, boolean isRecursive, String manner, Cause cause) {
    CanonicalPath path = surroundings.path(named.value(), named.directory());
    Operand.Path operand = new Operand.Path(path, surroundings, path);
    path(verb, operand, isRecursive, manner, cause);
    if (followsLinks && cause.machine().isEmpty()) {
      onPaths.add(new Fact(verb, operand, isRecursive, manner, cause));
      requests.add(
          new Request(
              path,
              named.value().display().contains("..")
                  ? surroundings.pathWithParents(named.value(), named.directory())
                  : path,
              !named.isLinkItself() || path.endsWithSeparator()));
    }
  }

  private void path(
      Verb verb, Operand.Path operand, boolean isRecursive, String manner, Cause cause) {
    Fact fact = new Fact(verb, operand, isRecursive, manner, cause);
    facts.add(fact);
    boolean isChange = verb == Verb.WRITES || verb == Verb.DELETES;
    boolean isOwn = isChange ? guard.isPlace(operand, fact) : guard.isSecret(operand, fact);
    if (isOwn && cause.machine().isEmpty()) {
      facts.add(new Fact(Verb.CHANGES_GUARD, operand, isRecursive, manner, cause));
    }
  }

  /** Adds the facts of commands. */
  void addAll(List<EffectiveCommand> all) {
    for (EffectiveCommand command : all) {
      add(command);
    }
  }

  private void add(EffectiveCommand command) {
    Cause cause = new Cause(command);
    if (cause.isNamed()) {
      commands.add(cause);
      if (guard.isOwnVerb(command.argv())) {
        detail(Verb.CHANGES_GUARD, String.join(" ", cause.words()), cause);
      }
    }
    request(requestsToDaemon.read(cause, command), cause);
    for (Use use : command.uses()) {
      add(use, directory(command.workingDirectory()), cause);
      if (use.role() == Role.SENDS || use.role() == Role.CONTACTS) {
        use.arguments().forEach(value -> sendsTokens(value, command, cause));
      }
    }
  }

  /** Adds a fact for each token of a service that is sent to a host of another. */
  private void sendsTokens(Value value, EffectiveCommand command, Cause cause) {
    for (Piece piece : value.pieces()) {
      if (piece instanceof Value.Unknown unknown
          && unknown.origin() == Origin.VARIABLE
          && Tokens.isForeign(unknown.detail(), command.uses())) {
        detail(Verb.SENDS, "$" + unknown.detail(), cause);
        path(Verb.SENDS, ENVIRONMENT, false, cause);
      }
    }
  }

  private CanonicalPath directory(Value directory) {
    if (directory != lastDirectory) {
      lastDirectory = directory;
      lastDirectoryPath = surroundings.path(directory);
    }
    return lastDirectoryPath;
  }

  private void add(Use use, CanonicalPath directory, Cause cause) {
    if (use.isDetour()) {
      detail(Verb.DETOURS, detour(use), cause);
    }
    switch (use.role()) {
      case DELETES -> paths(Verb.DELETES, use, directory, cause);
      case WRITES, LINKS -> paths(Verb.WRITES, use, directory, cause);
      case READS -> paths(Verb.READS, use, directory, cause);
      case SENDS_FILE -> {
        paths(Verb.READS, use, directory, cause);
        paths(Verb.SENDS, use, directory, cause);
      }
      case SENDS -> use.arguments().forEach(value -> sends(value, directory, cause));
      case CONTACTS -> {
        for (Value value : use.arguments()) {
          contacts(value, cause);
          sends(value, directory, cause);
        }
      }
      case RUNS_CODE, RUNS_FILE, RUNS_INPUT, RUNS_SHELL -> runs(use, cause);
      case RUNS_SQL, RUNS_COMMAND, RUNS_FOR_EACH, WORKS_IN -> {}
      case MOUNTS -> mounts(use, directory, cause);
      case SETS -> sets(use, cause);
      case GAINS_PRIVILEGE -> detail(Verb.GAINS_PRIVILEGE, use.detail(), cause);
      case REWRITES_HISTORY -> detail(Verb.REWRITES_HISTORY, use.detail(), cause);
      case DESTROYS -> destroys(use, cause);
      case PUBLISHES -> detail(Verb.PUBLISHES, use.detail(), cause);
      case STOPS -> stops(use, cause);
      case HIDES -> detail(Verb.OPAQUE, use.detail(), cause);
    }
  }

  private void destroys(Use use, Cause cause) {
    boolean isNamed = use.detail().isEmpty() && !use.arguments().isEmpty();
    detail(Verb.DESTROYS, isNamed ? use.arguments().get(0).display() : use.detail(), cause);
  }

  private static String detour(Use use) {
    return use.detail().isEmpty()
        ? use.role().name().toLowerCase(Locale.ROOT).replace('_', ' ')
        : use.detail();
  }

  private void paths(Verb verb, Use use, CanonicalPath directory, Cause cause) {
    for (Value value : use.arguments()) {
      if (value.pieces().isEmpty()) {
        continue; // No file has an empty name.
      }
      if (listsAll(value)) {
        Named whole = new Named(directoryOf(value), directory, true);
        path(verb, whole, verb == Verb.DELETES, manner(use), cause);
        continue;
      }
      // A link in /dev leads to a device, and a deletion destroys the content of that device.
      boolean isLinkItself =
          use.role() == Role.LINKS
              || use.role() == Role.DELETES
                  && !use.detail().equals(CONTENT)
                  && !surroundings.path(value, directory).display().startsWith("/dev/");
      Named named = new Named(value, directory, isLinkItself);
      path(verb, named, use.isRecursive(), manner(use), cause);
      if (use.role() == Role.LINKS) {
        return; // The second argument is the link's target.
      }
    }
  }

  /** Returns true if a path means all files below a directory, one by one. */
  private static boolean listsAll(Value path) {
    List<Piece> pieces = path.pieces();
    int last = pieces.size() - 1;
    return pieces.get(last).equals(Value.ALL)
        || pieces.get(last) instanceof Value.Glob && path.display().endsWith("**/*");
  }

  private static Value directoryOf(Value files) {
    List<Piece> pieces = files.pieces();
    int end = pieces.size();
    while (end > 0 && (pieces.get(end - 1) instanceof Value.Glob || isSlash(pieces.get(end - 1)))) {
      end--;
    }
    return end == 0 && pieces.get(0) instanceof Value.Glob
        ? Value.of(".")
        : new Value(pieces.subList(0, Math.max(end, 1)));
  }

  private static boolean isSlash(Piece piece) {
    return piece instanceof Value.Known known && known.text().equals("/");
  }

  private static String manner(Use use) {
    String detail =
        use.role() == Role.LINKS ? use.detail().replace(" from here", "") : use.detail();
    return Fact.MANNERS.contains(detail) ? detail : "";
  }

  /** Adds facts about the files and the environment whose content is in a text sent to a host. */
  private void sends(Value value, CanonicalPath directory, Cause cause) {
    for (Piece piece : value.pieces()) {
      if (piece instanceof Value.Unknown unknown) {
        if (unknown.origin() == Origin.FILE) {
          Named file = new Named(UnexpandedPath.value(unknown.detail()), directory);
          path(Verb.SENDS, file, false, "", cause);
        } else if (unknown.origin() == Origin.ENVIRONMENT) {
          detail(Verb.SENDS, "the environment", cause);
          path(Verb.SENDS, ENVIRONMENT, false, cause);
        }
      }
    }
  }

  private void runs(Use use, Cause cause) {
    if (use.detail().equals(PatchScanner.LANGUAGE)) {
      return;
    }
    boolean isMarked = false;
    if (use.role() == Role.RUNS_FILE && isWebAddress(use.arguments().get(0).prefix())) {
      detail(Verb.RUNS, "network", cause);
    }
    // What follows the code is its arguments, which are data.
    Value code = use.arguments().isEmpty() ? Value.EMPTY : use.arguments().get(0);
    for (Piece piece : code.pieces()) {
      if (piece instanceof Value.Unknown unknown) {
        switch (unknown.origin()) {
          case NETWORK -> {
            detail(Verb.RUNS, "network", cause);
            isMarked = true;
          }
          case DECODED -> {
            detail(Verb.RUNS, "decoded", cause);
            isMarked = true;
          }
          case INPUT -> {
            if (cause.machine().isEmpty()) {
              detail(Verb.RUNS, "input", cause);
            }
            isMarked = true;
          }
          default -> {}
        }
      }
    }
    if (!isMarked && use.role() == Role.RUNS_CODE) {
      detail(Verb.RUNS, use.detail(), cause);
    }
  }

  private static boolean isWebAddress(String text) {
    return text.startsWith("https://") || text.startsWith("http://");
  }

  private void mounts(Use use, CanonicalPath directory, Cause cause) {
    CanonicalPath source = surroundings.path(use.arguments().get(0), directory);
    if (MOUNTS_OF_THE_MACHINE.isConcerned(source, false, surroundings)) {
      detail(Verb.GAINS_PRIVILEGE, "mounts " + source.display(), cause);
    }
  }

  private void sets(Use use, Cause cause) {
    if (!use.detail().isEmpty()) {
      detail(Verb.CHANGES_GUARD, use.detail(), cause);
    }
    for (Value value : use.arguments()) {
      String prefix = value.prefix();
      int equals = prefix.indexOf('=');
      if (equals > 0 && guard.isSetting(prefix.substring(0, equals))) {
        detail(Verb.CHANGES_GUARD, prefix.substring(0, equals), cause);
      }
    }
  }

  private void stops(Use use, Cause cause) {
    detail(Verb.STOPS, use.detail(), cause);
    boolean isOwn =
        guard.isProcess(use.detail()) || cause.words().stream().skip(1).anyMatch(guard::isProcess);
    if (isOwn) {
      detail(Verb.CHANGES_GUARD, cause.command(), cause);
    }
  }
}
