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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
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
  private final AgentAction action;
  private final DiskSpace disk;
  private @Nullable String path;
  private @Nullable String host;
  private @Nullable JsonNode payload;
  private @Nullable Long usableBytes;

  Subject(AgentAction action, DiskSpace disk) {
    this.action = action;
    this.disk = disk;
  }

  Optional<String> command() {
    return Optional.of(((Bash) action).command());
  }

  Optional<String> path() {
    if (path == null) {
      path = FilePath.normalise(((FilesystemWrite) action).path());
    }
    return Optional.of(path);
  }

  Optional<String> host() {
    if (host == null) {
      host = HostName.normalise(((NetworkRequest) action).host());
    }
    return Optional.of(host);
  }

  /** Returns the last component of the binary. */
  String binaryName() {
    return binary().substring(binary().lastIndexOf('/') + 1);
  }

  /** Returns the file of the binary; empty for a bare name, whose file is not known. */
  Optional<String> binaryPath() {
    return Optional.of(binary()).filter(name -> name.indexOf('/') >= 0).map(FilePath::normalise);
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
