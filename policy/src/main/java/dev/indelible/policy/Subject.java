// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.Surroundings;
import dev.indelible.canonical.UnexpandedPath;
import dev.indelible.fact.Facts;
import dev.indelible.fact.Reading;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The properties of an action that rules look at. Each is computed once, when the first rule needs
 * it.
 *
 * <p>A condition reads only properties of its own kind of action. A property that cannot be
 * computed throws, so the rule blocks. Used by one thread.
 */
final class Subject {
  private static final Surroundings HERE =
      Surroundings.of(
          Value.of(Path.of("").toAbsolutePath().toString()), Value.unknown(Origin.HOME, ""));

  private static final Surroundings ANYWHERE = Surroundings.unknown();

  private final AgentAction action;
  private final Reading reading;
  private final DiskSpace disk;
  private @Nullable CanonicalPath path;
  private @Nullable CanonicalHost host;
  private @Nullable JsonNode payload;
  private @Nullable Long usableBytes;
  private @Nullable Map<String, Object> variables;

  Subject(AgentAction action, Reading reading, DiskSpace disk) {
    this.action = action;
    this.reading = reading;
    this.disk = disk;
  }

  AgentAction action() {
    return action;
  }

  /** Returns what the action does. */
  Facts facts() {
    return reading.facts();
  }

  /** Returns where the action takes place. */
  Surroundings surroundings() {
    return reading.surroundings();
  }

  /** Returns the variables that expressions see. */
  Map<String, Object> variables() {
    if (variables == null) {
      variables = Expressions.variables(this);
    }
    return variables;
  }

  Optional<String> command() {
    return Optional.of(((Bash) action).command());
  }

  /**
   * Returns the surroundings of the gate's process, for actions that cannot name a working
   * directory.
   */
  Surroundings here() {
    return HERE;
  }

  CanonicalPath path() {
    if (path == null) {
      path = canonical(((FilesystemWrite) action).path());
    }
    return path;
  }

  CanonicalHost host() {
    if (host == null) {
      NetworkRequest request = (NetworkRequest) action;
      CanonicalHost read =
          CanonicalHost.ofRequest(request.scheme(), request.host(), request.port().orElse(-1));
      boolean isMore = request.host().chars().anyMatch(c -> "/\\@?#".indexOf(c) >= 0);
      if (isMore || read.kind() != CanonicalHost.Kind.HOST) {
        throw new IllegalArgumentException(
            "%s is not a host; give a name or an address, without scheme, user or path"
                .formatted(Quoted.of(request.host())));
      }
      host = read;
    }
    return host;
  }

  /** Returns the path that is read; empty if the namespace does not look like a path. */
  Optional<CanonicalPath> readPath() {
    Read read = (Read) action;
    return read.namespace()
        .filter(
            namespace ->
                read.surface().equals("filesystem")
                    || !ANYWHERE.path(UnexpandedPath.value(namespace)).hasUnknownRoot())
        .map(namespace -> HERE.path(UnexpandedPath.value(namespace)));
  }

  /**
   * Returns the canonical form of a path.
   *
   * @throws IllegalArgumentException if it has none, or leaves the gate's working directory by
   *     {@code ..}: the agent's may be a different one
   */
  static CanonicalPath canonical(String written) {
    CanonicalPath path = HERE.path(UnexpandedPath.value(written));
    if (path.isOpaque()) {
      throw new IllegalArgumentException(
          "path %s: %s".formatted(Quoted.of(written), path.problem().orElseThrow()));
    }
    boolean isRelative = ANYWHERE.path(UnexpandedPath.value(written)).hasUnknownRoot();
    if (isRelative && !path.startsWith(HERE.workingDirectory())) {
      throw new IllegalArgumentException(
          "path %s leaves an unnamed directory by \"..\"; use an absolute path"
              .formatted(Quoted.of(written)));
    }
    return path;
  }

  /** Returns the last component of the binary. */
  String binaryName() {
    return binary().substring(binary().lastIndexOf('/') + 1);
  }

  /** Returns the file of the binary; empty for a bare name, whose file is unknown. */
  Optional<CanonicalPath> binaryPath() {
    return Optional.of(binary()).filter(name -> name.indexOf('/') >= 0).map(Subject::canonical);
  }

  List<String> args() {
    return ((ProcessSpawn) action).args();
  }

  Optional<String> tool() {
    return Optional.of(((ToolCall) action).tool());
  }

  Optional<String> surface() {
    return Optional.of(((Read) action).surface());
  }

  Optional<String> customKind() {
    return Optional.of(((Custom) action).customKind());
  }

  Optional<String> namespace() {
    return action instanceof Read read ? read.namespace() : payloadText("namespace");
  }

  Optional<String> title() {
    return payloadText("title");
  }

  long usableBytes() {
    if (usableBytes == null) {
      try {
        usableBytes = disk.usableBytes();
      } catch (IOException e) {
        throw new UncheckedIOException("the free disk space could not be read: " + e, e);
      }
    }
    return usableBytes;
  }

  private String binary() {
    String binary = ((ProcessSpawn) action).binary();
    if (binary.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("binary " + Quoted.of(binary) + " contains a null byte");
    }
    return binary;
  }

  private Optional<String> payloadText(String member) {
    if (payload == null) {
      payload = ((Custom) action).payload().tree();
    }
    Optional<JsonNode> value = payload.optional(member).filter(node -> !node.isNull());
    if (value.isPresent() && !value.get().isString()) {
      throw new IllegalArgumentException("payload." + member + " is not a string");
    }
    return value.map(JsonNode::stringValue);
  }
}
