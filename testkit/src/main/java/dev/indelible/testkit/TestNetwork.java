// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Hosts of a network, each a network namespace of its own behind a router, whose connections can be
 * cut. The test itself, and what it starts without {@link #under}, is the host {@link #TEST}. Needs
 * root and iproute2. Used by one thread.
 */
public final class TestNetwork implements AutoCloseable {
  /** The host on which the test runs. */
  public static final String TEST = "test";

  /** Ways to cut two hosts from each other. */
  public enum Cut {
    /** They vanish in both directions, and nobody gets an answer. */
    SILENT,
    /** Those of the first host arrive, but those of the second one, its answers, vanish. */
    ANSWERS_LOST,
    /** The router answers that the other host cannot be reached. */
    REFUSED
  }

  private final String prefix = "ind" + ProcessHandle.current().pid();
  private final String subnet =
      "10.%s.%s."
          .formatted(
              128 + (ProcessHandle.current().pid() >> 8) % 127,
              ProcessHandle.current().pid() % 256);
  private final String router = prefix + "-router";
  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final List<String> namespaces = new ArrayList<>();

  private TestNetwork() {}

  /** Creates a network of these hosts; skips the test where that is not possible. */
  public static TestNetwork of(String... hosts) throws IOException {
    TestNetwork network = new TestNetwork();
    try {
      network.namespace(network.router);
      network.link(TEST);
      for (String host : hosts) {
        network.namespace(network.name(host));
        network.link(host);
      }
      run(
          "ip",
          "netns",
          "exec",
          network.router,
          "sh",
          "-c",
          "echo 1 > /proc/sys/net/ipv4/ip_forward");
      return network;
    } catch (IOException e) {
      network.close();
      return abort("skipped: no network namespaces here (root and iproute2): " + e.getMessage());
    }
  }

  private String name(String host) {
    return prefix + "-" + host;
  }

  private void namespace(String name) throws IOException {
    run("ip", "netns", "add", name);
    namespaces.add(name);
    run("ip", "-n", name, "link", "set", "dev", "lo", "up");
  }

  /** Connects a host with the router by a link of its own. */
  private void link(String host) throws IOException {
    boolean isTest = host.equals(TEST);
    String address = subnet + (addresses.size() + 2);
    String gateway = subnet + 1;
    String port = "to-" + host;
    String own = isTest ? prefix : "eth0";
    List<String> peer =
        new ArrayList<>(
            List.of("ip", "-n", router, "link", "add", "name", port, "type", "veth", "peer"));
    peer.addAll(List.of("name", own, "netns"));
    peer.add(isTest ? "" + ProcessHandle.current().pid() : name(host));
    run(peer.toArray(new String[0]));
    run("ip", "-n", router, "addr", "add", gateway + "/32", "dev", port);
    run("ip", "-n", router, "link", "set", "dev", port, "up");
    run("ip", "-n", router, "route", "add", address, "dev", port);
    ip(host, "addr", "add", address + "/32", "dev", own);
    ip(host, "link", "set", "dev", own, "up");
    String others = isTest ? subnet + "0/24" : "default";
    ip(host, "route", "add", others, "via", gateway, "dev", own, "onlink", "src", address);
    addresses.put(host, address);
  }

  private void ip(String host, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    if (!host.equals(TEST)) {
      command.addAll(List.of("-n", name(host)));
    }
    command.addAll(List.of(words));
    run(command.toArray(new String[0]));
  }

  /** Returns the addresses of all hosts, in the form of a network, for rules of access. */
  public String subnet() {
    return subnet + "0/24";
  }

  public String address(String host) {
    return addresses.get(host);
  }

  /** Returns the words before a command that run it on a host. */
  public String[] under(String host) {
    return new String[] {"ip", "netns", "exec", name(host)};
  }

  /** Cuts two hosts from each other; connections that are open stay open on both. */
  public void cut(Cut cut, String one, String other) throws IOException {
    String action = cut == Cut.REFUSED ? "unreachable" : "blackhole";
    rule("add", other, one, action);
    if (cut != Cut.ANSWERS_LOST) {
      rule("add", one, other, action);
    }
  }

  /** Ends every cut. */
  public void heal() throws IOException {
    while (!run("ip", "-n", router, "rule", "list", "pref", "100").isBlank()) {
      run("ip", "-n", router, "rule", "del", "pref", "100");
    }
  }

  private void rule(String change, String from, String to, String action) throws IOException {
    run(
        "ip",
        "-n",
        router,
        "rule",
        change,
        "pref",
        "100",
        "from",
        address(from),
        "to",
        address(to),
        action);
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  /** Removes the namespaces. Processes in them go on without a network. */
  @Override
  public void close() throws IOException {
    for (String name : namespaces) {
      run("ip", "netns", "del", name);
    }
  }
}
