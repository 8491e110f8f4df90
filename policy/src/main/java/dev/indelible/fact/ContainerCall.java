// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Converts a tool call that starts a container, or runs a command in one, to the equivalent command
 * line. Recognizes arguments by their names, at any depth.
 */
final class ContainerCall {
  private static final Set<String> TOOLS =
      Set.of("container", "containers", "docker", "nerdctl", "podman");

  /** Arguments that name a running container. */
  private static final Set<String> RUNNING =
      Set.of("container", "containerid", "containername", "service");

  private static final Set<String> MOUNTS =
      Set.of("bind", "binds", "mount", "mounts", "volume", "volumes");
  private static final Set<String> COMMANDS = Set.of("cmd", "command", "args", "entrypoint");
  private static final Set<String> SOURCES = Set.of("from", "hostpath", "source", "src", "host");
  private static final Set<String> TARGETS =
      Set.of("bind", "containerpath", "destination", "dst", "target", "to", "container");

  private final List<Value> options = new ArrayList<>();
  private final List<Value> command = new ArrayList<>();
  private String image = "";
  private String running = "";

  private ContainerCall() {}

  /** Returns the command line; empty if the call runs nothing in a container. */
  static List<Value> read(Set<String> toolWords, JsonNode arguments) {
    ContainerCall call = new ContainerCall();
    boolean isContainer = toolWords.stream().anyMatch(TOOLS::contains);
    if (!isContainer) {
      return List.of();
    }
    call.object(arguments);
    boolean isStarted = !call.image.isEmpty();
    if (!isStarted && (call.running.isEmpty() || call.command.isEmpty())) {
      return List.of();
    }
    List<Value> argv = new ArrayList<>();
    argv.add(Value.of("docker"));
    argv.add(Value.of(isStarted ? "run" : "exec"));
    argv.addAll(call.options);
    argv.add(Value.of(isStarted ? call.image : call.running));
    argv.addAll(call.command);
    return argv;
  }

  /** Returns true if an argument is meant for the container, not for this machine. */
  static boolean isOfContainer(String member) {
    String name = plain(member);
    return COMMANDS.contains(name) || MOUNTS.contains(name) || name.equals("workdir");
  }

  private static String plain(String member) {
    return member.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
  }

  private void object(JsonNode object) {
    for (String member : object.propertyNames()) {
      JsonNode value = object.get(member);
      String name = plain(member);
      if (name.equals("image") && value.isString()) {
        image = value.stringValue();
      } else if (RUNNING.contains(name) && value.isString()) {
        running = value.stringValue();
      } else if (name.equals("privileged") && value.asBoolean(false)) {
        options.add(Value.of("--privileged"));
      } else if (MOUNTS.contains(name)) {
        mounts(value);
      } else if (Set.of("pid", "pidmode", "network", "networkmode", "userns").contains(name)
          && value.asString("").equals("host")) {
        options.add(Value.of(name.startsWith("pid") ? "--pid=host" : "--network=host"));
      } else if (Set.of("capadd", "capabilities").contains(name)) {
        value.forEach(each -> options.add(Value.of("--cap-add=" + each.asString(""))));
      } else if (COMMANDS.contains(name)) {
        command(value);
      } else if (value.isObject()) {
        object(value);
      }
    }
  }

  private void mounts(JsonNode value) {
    if (value.isString()) {
      mount(value.stringValue());
    } else if (value.isArray()) {
      value.forEach(this::mounts);
    } else if (value.isObject()) {
      String source = "";
      String target = "";
      for (String member : value.propertyNames()) {
        String name = plain(member);
        String text = value.get(member).asString("");
        source = SOURCES.contains(name) ? text : source;
        target = TARGETS.contains(name) ? text : target;
        if (member.startsWith("/") || member.startsWith("~")) {
          JsonNode inner = value.get(member);
          mount(member + ":" + (inner.isString() ? text : inner.path("bind").asString("/mnt")));
        }
      }
      if (!source.isEmpty()) {
        mount(source + ":" + (target.isEmpty() ? "/mnt" : target));
      }
    }
  }

  private void mount(String specification) {
    options.add(Value.of("-v"));
    options.add(Value.of(specification));
  }

  private void command(JsonNode value) {
    if (value.isString()) {
      command.addAll(List.of(Value.of("sh"), Value.of("-c"), Value.of(value.stringValue())));
    } else {
      value.forEach(each -> command.add(Value.of(each.asString(""))));
    }
  }
}
