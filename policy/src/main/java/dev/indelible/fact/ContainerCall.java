// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Writes a tool call that starts a container as the command line that does so, by the names of its
 * arguments at any depth.
 */
final class ContainerCall {
  private static final Set<String> TOOLS =
      Set.of("container", "containers", "docker", "nerdctl", "podman");
  private static final Set<String> MOUNTS =
      Set.of("bind", "binds", "mount", "mounts", "volume", "volumes");
  private static final Set<String> SOURCES = Set.of("from", "hostpath", "source", "src", "host");
  private static final Set<String> TARGETS =
      Set.of("bind", "containerpath", "destination", "dst", "target", "to", "container");

  private final List<Value> options = new ArrayList<>();
  private final List<Value> command = new ArrayList<>();
  private String image = "";

  private ContainerCall() {}

  /** Returns the command line; empty if the call starts no container. */
  static List<Value> read(Set<String> toolWords, JsonNode arguments) {
    ContainerCall call = new ContainerCall();
    boolean isContainer = toolWords.stream().anyMatch(TOOLS::contains);
    if (!isContainer) {
      return List.of();
    }
    call.object(arguments);
    if (call.image.isEmpty()) {
      return List.of();
    }
    List<Value> argv = new ArrayList<>(List.of(Value.of("docker"), Value.of("run")));
    argv.addAll(call.options);
    argv.add(Value.of(call.image));
    argv.addAll(call.command);
    return argv;
  }

  private void object(JsonNode object) {
    for (String member : object.propertyNames()) {
      JsonNode value = object.get(member);
      String name = member.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
      if (name.equals("image") && value.isString()) {
        image = value.stringValue();
      } else if (name.equals("privileged") && value.asBoolean(false)) {
        options.add(Value.of("--privileged"));
      } else if (MOUNTS.contains(name)) {
        mounts(value);
      } else if (Set.of("pid", "pidmode", "network", "networkmode", "userns").contains(name)
          && value.asString("").equals("host")) {
        options.add(Value.of(name.startsWith("pid") ? "--pid=host" : "--network=host"));
      } else if (Set.of("capadd", "capabilities").contains(name)) {
        value.forEach(each -> options.add(Value.of("--cap-add=" + each.asString(""))));
      } else if (Set.of("cmd", "command", "args", "entrypoint").contains(name)) {
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
        String name = member.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
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
