// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads arguments that name hosts and URLs, or what is sent to them. */
final class Network {
  private Network() {}

  /** Reads a source of a copy: {@code host:path}, a URL, or a file of this machine. */
  static void copySource(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    Optional<Value> host = remoteHost(argument);
    if (host.isPresent()) {
      contact(host.get(), template, scan);
    } else if (remoteHost(operands.get(operands.size() - 1)).isPresent()
        && template.detail().isEmpty()) {
      scan.uses().add(Role.SENDS_FILE, List.of(argument), "", true, false);
    } else {
      scan.uses().add(Role.READS, List.of(argument), "", true, false);
    }
  }

  /** Reads the target of a copy. */
  static void copyTarget(Value argument, Template template, Scan scan) {
    Optional<Value> host = remoteHost(argument);
    if (host.isPresent()) {
      contact(host.get(), template, scan);
      return;
    }
    scan.uses().add(Role.WRITES, argument);
    for (Value operand : scan.operands()) {
      Value name = Values.baseName(Values.split(operand, ':').get(0));
      if (remoteHost(operand).isPresent()) {
        name = Values.baseName(Values.cut(operand, ':').get(1));
      }
      if (operand != argument && !name.pieces().isEmpty()) {
        scan.uses().add(Role.WRITES, Values.below(argument, name));
      }
    }
  }

  /** Adds a contact, unless the detail is {@code container}, which is not a host. */
  static void contact(Value host, Template template, Scan scan) {
    if (!template.detail().equals("container")) {
      scan.uses().add(Role.CONTACTS, host);
    }
  }

  /** Returns the host or URL of a place on another machine. */
  static Optional<Value> remoteHost(Value place) {
    List<Value> parts = Values.cut(place, ':');
    if (parts.size() == 1) {
      return Optional.empty();
    }
    Value host = parts.get(0);
    String known = host.prefix();
    if (parts.get(1).prefix().startsWith("//") && !known.contains("/")) {
      return Optional.of(place);
    }
    String path = parts.get(1).prefix();
    boolean isDrive =
        Values.isKnown(host)
            && known.length() == 1
            && (path.startsWith("\\") || Character.isUpperCase(known.charAt(0)));
    if (isDrive || known.contains("/") || known.startsWith(".") || host.pieces().isEmpty()) {
      return Optional.empty();
    }
    if (host.has(Origin.HOME) || host.has(Origin.SCRATCH)) {
      return Optional.empty();
    }
    return Optional.of(host);
  }

  /** Reads a directory that is served to others. */
  static void servedDirectory(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.SENDS_FILE, List.of(argument), "", true, false);
  }

  /**
   * Returns true if a directory is known to be empty: mirroring it deletes all that the target has.
   */
  private static boolean isEmpty(Value directory) {
    String name = Values.baseName(directory).prefix().toLowerCase(Locale.ROOT);
    return directory.pieces().size() == 1 && directory.has(Origin.SCRATCH)
        || name.equals("null")
        || name.matches("(?:.*[_.-])?empty(?:[_.-].*)?");
  }

  /** Reads the target of a copy that deletes files which the source lacks. */
  static void emptiedTarget(Value argument, Template template, Scan scan) {
    if (remoteHost(argument).isPresent() && isEmpty(scan.operands().get(0))) {
      scan.uses().add(Role.DESTROYS, argument);
    } else if (remoteHost(argument).isPresent()) {
      String text = argument.prefix();
      String path = text.substring(text.lastIndexOf(':') + 1);
      boolean isBucket = path.startsWith("//");
      boolean isTop = path.chars().filter(c -> c == '/').count() < (isBucket ? 4 : 2);
      Value source = scan.operands().get(0);
      boolean isBuild = Values.isBelow(source) && !source.prefix().startsWith("./");
      boolean isPart = isBucket || !path.isEmpty() && !path.startsWith("/");
      if (isTop && !(isPart && isBuild && !Values.is(source, "."))) {
        // Not a deployment, which mirrors a build into a directory of its own: this target is
        // likely to have other content.
        scan.uses().add(Role.DESTROYS, argument);
      }
    } else {
      scan.uses().add(Role.DELETES, List.of(argument), "", true, false);
    }
  }

  /** Reads what {@code curl --data} sends: {@code @file}, or the argument itself. */
  static void data(Value argument, Template template, Scan scan) {
    int at = template.detail().equals("name") ? namedFile(argument) : 0;
    if (argument.prefix().startsWith("@", at)) {
      scan.uses().add(Role.SENDS_FILE, argument.from(at + 1));
    } else {
      scan.uses().add(Role.SENDS, argument);
    }
  }

  /** Returns the position of the {@code @} in {@code name@file}; 0 if {@code =} comes first. */
  static int namedFile(Value argument) {
    String text = argument.prefix();
    int at = text.indexOf('@');
    int equals = text.indexOf('=');
    return at > 0 && (equals < 0 || at < equals) ? at : 0;
  }

  /** Reads a field of a form: {@code name=@file}, {@code name=<file}, {@code name=text}. */
  static void form(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    Value content = parts.get(parts.size() - 1);
    if (content.prefix().startsWith("@") || content.prefix().startsWith("<")) {
      for (Value file : Values.split(content.from(1), ',')) {
        scan.uses().add(Role.SENDS_FILE, Values.cut(file, ';').get(0));
      }
    } else {
      scan.uses().add(Role.SENDS, content);
    }
  }

  /** Reads {@code host:port:address} as in curl's {@code --resolve} and {@code --connect-to}. */
  static void remoteNames(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.split(argument, ':');
    if (parts.size() > 2) {
      scan.uses().add(Role.CONTACTS, parts.get(2));
    }
  }

  /** Reads an address of socat. */
  static void socat(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, ':');
    String type = parts.get(0).prefix().toUpperCase(Locale.ROOT);
    if (parts.size() == 1) {
      return;
    }
    Value rest = Values.cut(parts.get(1), ',').get(0);
    switch (type) {
      case "EXEC", "SYSTEM", "SHELL" -> {
        scan.uses().add(Role.RUNS_SHELL, rest);
        scan.uses().add(Role.GAINS_PRIVILEGE, "a program for a host");
      }
      case "OPEN", "FILE", "GOPEN", "CREATE", "CREAT" -> {
        scan.uses().add(Role.READS, rest);
        scan.uses().add(Role.WRITES, rest);
      }
      default -> {
        if (!type.contains("LISTEN")) {
          scan.uses().add(Role.CONTACTS, rest);
        }
      }
    }
  }

  /** Reads {@code Key=Value} or {@code Key Value} of ssh; some keys run commands. */
  static void sshOption(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 1) {
      parts = Values.cut(argument, ' ');
    }
    if (parts.size() == 1) {
      return;
    }
    Value value = parts.get(1);
    String key = parts.get(0).prefix().strip().toLowerCase(Locale.ROOT);
    switch (key) {
      case "proxycommand", "localcommand", "knownhostscommand", "remotecommand" -> {
        if (!value.prefix().strip().equalsIgnoreCase("none")) {
          scan.uses().addDetour(Role.RUNS_SHELL, value, "");
        }
      }
      case "proxyjump", "hostname" -> scan.uses().add(Role.CONTACTS, value);
      case "identityfile", "userknownhostsfile" -> scan.uses().add(Role.READS, value);
      case "pkcs11provider", "securitykeyprovider" ->
          scan.uses().addDetour(Role.RUNS_FILE, value, "library");
      default -> {}
    }
  }

  /** Reads an operand of a DNS client: {@code @server}, {@code +option} or a name. */
  static void dnsOperand(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.startsWith("@")) {
      scan.uses().add(Role.CONTACTS, argument.from(1));
    } else if (!text.startsWith("+") && (!Values.isKnown(argument) || text.indexOf('.') >= 0)) {
      scan.uses().add(Role.CONTACTS, argument);
    }
  }

  /** Reads an operand of HTTPie: a URL, then {@code name@file} and {@code name=text}. */
  static void httpOperand(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    int at = namedFile(argument);
    boolean isFirst = scan.operands().get(0) == argument;
    if (Values.isKnown(argument) && text.matches("[A-Z]+|delete|put|post|patch|get|head")) {
      if (isFirst && text.equalsIgnoreCase("DELETE")) {
        scan.operands().subList(1, scan.operands().size()).stream()
            .limit(1)
            .forEach(url -> HttpDeletion.read(url, scan.uses()));
      }
      return;
    }
    if (!scan.uses().has(Role.CONTACTS)) {
      scan.uses().add(Role.CONTACTS, argument);
    } else if (at > 0) {
      scan.uses().add(Role.SENDS_FILE, argument.from(at + 1));
    } else if (text.contains("=@")) {
      scan.uses().add(Role.SENDS_FILE, argument.from(text.indexOf("=@") + 2));
    } else if (text.contains("://")) {
      scan.uses().add(Role.CONTACTS, argument);
    } else {
      scan.uses().add(Role.SENDS, argument);
    }
  }

  /** Reads the host operand of {@code nc}; a port may follow. */
  static void ncHost(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (scan.optionValue("-l").isPresent() || scan.has("-l")) {
      return;
    }
    scan.uses()
        .add(
            Role.CONTACTS,
            operands.size() > 1 ? argument.plus(Value.of(":")).plus(operands.get(1)) : argument);
  }

  /** Reads the host of ssh: without a command, its shell reads the standard input. */
  static void remoteInput(Value argument, Template template, Scan scan) {
    if (scan.operands().size() == 1 && !scan.has("-N")) {
      scan.uses().add(Role.RUNS_SHELL, Value.of("-"), "host " + argument.display());
    }
  }

  /** Reads {@code curl -O}: each URL's last component is written. */
  static void remoteName(Value argument, Template template, Scan scan) {
    scan.operands().forEach(url -> urlFile(url, template, scan));
  }

  /** Reads a URL whose last component is written as a file of the working directory. */
  static void urlFile(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.split(Values.cut(argument, '?').get(0), '/');
    boolean hasScheme = argument.prefix().contains("://");
    if (parts.size() > (hasScheme ? 3 : 1)) {
      Value name = parts.get(parts.size() - 1);
      scan.uses().add(Role.WRITES, name.pieces().isEmpty() ? Value.of("index.html") : name);
    }
  }

  /** Reads {@code [bind:]port:host:port} of ssh's forwards. */
  static void sshForward(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.split(argument, ':');
    if (parts.size() >= 2) {
      scan.uses().add(Role.CONTACTS, parts.get(parts.size() - 2));
    }
  }

  /** Reads a port that a host reaches through ssh: by that of ssh, it can log in. */
  static void offeredPort(Value argument, Template template, Scan scan) {
    if (argument.prefix().matches(".*:(?:localhost|127\\.0\\.0\\.1|\\[::1]):22")) {
      scan.uses().add(Role.PUBLISHES, "the ssh port of this machine");
    }
  }

  /** Reads an archive of tar that may be on another machine. */
  static void tarRemote(Value argument, Template template, Scan scan) {
    remoteHost(argument).ifPresent(host -> scan.uses().add(Role.CONTACTS, host));
  }

  /** Reads a setting of wget, for example {@code use_askpass=command}. */
  static void wgetCommand(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() < 2) {
      return;
    }
    switch (parts.get(0).prefix().strip().toLowerCase(Locale.ROOT).replaceAll("[-_]", "")) {
      case "useaskpass" -> scan.uses().addDetour(Role.RUNS_SHELL, parts.get(1), "");
      case "postfile", "bodyfile" -> scan.uses().add(Role.SENDS_FILE, parts.get(1));
      case "outputdocument", "logfile", "dirprefix" -> scan.uses().add(Role.WRITES, parts.get(1));
      case "httpproxy", "httpsproxy" -> scan.uses().add(Role.CONTACTS, parts.get(1));
      default -> {}
    }
  }
}
