// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads arguments of programs that administer a machine. */
final class Services {
  private static final Set<String> STOPPING =
      Set.of(
          "stop",
          "disable",
          "mask",
          "kill",
          "poweroff",
          "reboot",
          "halt",
          "rescue",
          "emergency",
          "isolate",
          "suspend",
          "hibernate");

  private static final Set<String> STARTING = Set.of("enable", "link", "start", "reenable");

  /** Verbs that make a unit start with the machine. */
  private static final Set<String> LASTING = Set.of("enable", "link", "reenable");

  /** Units that distributions install; to enable one is ordinary administration. */
  private static final Pattern USUAL_UNITS =
      Pattern.compile(
          "(?:docker|containerd|podman|nginx|apache2|httpd|caddy|haproxy|postgresql|mysqld?|mariadb"
              + "|redis(?:-server)?|memcached|mongod|rabbitmq-server|elasticsearch|grafana-server"
              + "|prometheus|kubelet|k3s|libvirtd|crond?|chronyd?|NetworkManager|fail2ban|ufw|firewalld"
              + "|auditd|tailscaled|supervisor|php[0-9.]*-fpm|unattended-upgrades|fstrim|systemd-[a-z]+)"
              + "(?:@[0-9a-z-]+)?(?:\\.(?:service|socket|timer))?");

  private static final Set<String> WINDOWS_VERBS =
      Set.of(
          "delete",
          "clean",
          "resize",
          "deletejournal",
          "stop",
          "/delete",
          "disable",
          "/disable",
          "/set",
          "/deletevalue");

  /** Where Windows looks for programs to start. */
  private static final String STARTUP =
      "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\";

  /** Keys of the registry that name programs to start. */
  private static final List<String> STARTUP_KEYS =
      List.of(
          "\\currentversion\\run",
          "\\winlogon",
          "\\image file execution options",
          "\\appinit_dlls",
          "\\active setup",
          "\\currentcontrolset\\services",
          "\\command processor",
          "\\policies\\explorer\\run");

  private static final Set<String> WINDOWS_RIGHTS =
      Set.of("/add", "/grant", "/setowner", "/active:yes");

  private static final Value LOGIN_HOOK = Value.of("/Library/LaunchAgents/login hook");

  private Services() {}

  /** Reads {@code stop NAME} or {@code NAME stop}, once for all operands. */
  static void service(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    String text = argument.prefix();
    if (Values.isKnown(argument) && STOPPING.contains(text) && scan.uses().has(Role.STOPS)) {
      return;
    }
    if (Values.isKnown(argument) && STOPPING.contains(text)) {
      scan.uses().add(Role.STOPS, Values.joined(operands, 0).display());
      return;
    }
    String verb = operands.get(0).prefix();
    boolean isUsual = Values.isKnown(argument) && USUAL_UNITS.matcher(text).matches();
    if (argument != operands.get(0) && LASTING.contains(verb) && !isUsual) {
      Value unit = Values.baseName(argument);
      scan.uses().add(Role.WRITES, Value.of("/etc/systemd/system/").plus(unit));
    }
    if (text.startsWith("/") && STARTING.contains(verb)) {
      scan.uses().addDetour(Role.RUNS_FILE, argument, "unit");
    }
  }

  /** Reads {@code name=value} of the kernel's settings. */
  static void kernelSetting(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 2) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "kernel setting " + parts.get(0).display());
    }
  }

  /** Reads a pattern of process names; some patterns match every process. */
  static void processes(Value argument, Template template, Scan scan) {
    String text = argument.display();
    boolean isAll = List.of("", ".", ".*", "*", "^", "$").contains(text);
    scan.uses().add(Role.STOPS, isAll ? "every process" : "processes " + argument.display());
  }

  /** Reads a key of the registry; some keys list programs that start automatically. */
  static void registryKey(Value argument, Template template, Scan scan) {
    registryKey(argument, scan.uses());
  }

  static void registryKey(Value argument, Uses uses) {
    String key = argument.prefix().toLowerCase(Locale.ROOT).replace("\\\\", "\\");
    if (STARTUP_KEYS.stream().anyMatch(key::contains)) {
      uses.add(Role.WRITES, Value.of(STARTUP + "registry"));
    }
  }

  /** Reads the name of a macOS setting; two settings name programs that run at login or logout. */
  static void loginHook(Value argument, Template template, Scan scan) {
    if (List.of("LoginHook", "LogoutHook").contains(argument.prefix())) {
      scan.uses().add(Role.WRITES, LOGIN_HOOK);
    }
  }

  /** Reads the domain of settings that a file holds: those of the login window may name a hook. */
  static void importedSettings(Value argument, Template template, Scan scan) {
    String domain = Values.baseName(argument).prefix();
    if (!Values.isKnown(argument) || domain.startsWith("com.apple.loginwindow")) {
      scan.uses().add(Role.WRITES, LOGIN_HOOK);
    }
  }

  /** Reads a verb of a program that administers Windows. */
  static void windowsAdmin(Value argument, Template template, Scan scan) {
    String verb = argument.prefix().toLowerCase(Locale.ROOT);
    String all = Values.joined(scan.operands(), 0).display();
    if (WINDOWS_VERBS.contains(verb) || verb.startsWith("/w:")) {
      if (!scan.uses().has(Role.DESTROYS)) {
        scan.uses().add(Role.DESTROYS, all);
      }
    } else if (WINDOWS_RIGHTS.contains(verb)) {
      scan.uses().add(Role.GAINS_PRIVILEGE, all);
    } else if (verb.equals("create") && all.contains("process call create ")) {
      scan.uses().add(Role.RUNS_CODE, scan.operands().get(scan.operands().size() - 1), "cmd");
    } else if (verb.equals("/create") || verb.equals("create") && all.contains("binPath=")) {
      scan.uses().add(Role.WRITES, Value.of("C:\\Windows\\System32\\Tasks\\x"));
    } else if (verb.equals("/s") && scan.operands().get(0) == argument) {
      scan.uses().add(Role.HIDES, "a script that changes disks");
    } else if (verb.equals("/f") && scan.operands().get(0) == argument) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "takes ownership: " + all);
    }
  }

  /** Reads the name of a system database. */
  static void systemDatabase(Value argument, Template template, Scan scan) {
    if (argument.prefix().endsWith("shadow")) {
      scan.uses().add(Role.READS, Value.of("/etc/").plus(argument));
    }
  }

  /** Reads an operand of a program that runs code: a URL, or the text of a script. */
  static void windowsCode(Value argument, Template template, Scan scan) {
    int scheme = argument.prefix().indexOf("://");
    if (scheme > 0) {
      int from = argument.prefix().lastIndexOf("http", scheme);
      Value url = argument.from(Math.max(from, 0));
      scan.uses().add(Role.CONTACTS, url);
      Value code = Value.unknown(Origin.NETWORK, url.display());
      scan.uses().add(Role.RUNS_FILE, code, "windows");
    } else {
      windowsUrl(argument, template, scan);
    }
  }

  /** Reads the mode of a coding agent; in some modes it asks nobody. */
  static void agentMode(Value argument, Template template, Scan scan) {
    if (argument.prefix().matches("bypassPermissions|yolo|never|danger-full-access")) {
      scan.uses().add(Role.SETS, "an agent that asks nobody");
    }
  }

  /** Reads a word that may cut the connections of the machine. */
  static void networkVerb(Value argument, Template template, Scan scan) {
    if (Set.of("down", "del", "delete", "flush", "off").contains(argument.prefix())
        && !scan.uses().has(Role.STOPS)) {
      scan.uses().add(Role.STOPS, "the network");
    }
  }

  /** Reads the age or size of the logs that remain; a small one removes nearly all. */
  static void vacuum(Value argument, Template template, Scan scan) {
    if (argument.prefix().matches("\\d{0,2}(?:s|sec|m|min|h)?|\\d{1,2}[KM]")) {
      scan.uses().add(Role.DELETES, List.of(Value.of("/var/log/journal")), "", true, false);
    }
  }

  /** Reads a place that PowerShell lists; one of them has the variables of the environment. */
  static void drive(Value argument, Template template, Scan scan) {
    String place = argument.prefix().toLowerCase(Locale.ROOT);
    if (Set.of("env:", "env:\\", "env:*", "env:\\*").contains(place)) {
      scan.uses().add(Role.READS, Value.of("/proc/self/environ"));
    }
  }

  /** Reads an operand that may be a command line of Windows. */
  static void cmdText(Value argument, Template template, Scan scan) {
    if (argument.prefix().indexOf(' ') > 0) {
      scan.uses().add(Role.RUNS_CODE, argument, "cmd");
    }
  }

  /** Reads a URL among the operands. */
  static void windowsUrl(Value argument, Template template, Scan scan) {
    if (argument.prefix().contains("://")) {
      scan.uses().add(Role.CONTACTS, argument);
    } else if (argument.prefix().startsWith("javascript:")
        || argument.prefix().startsWith("vbscript:")) {
      scan.uses().add(Role.HIDES, "script text in an argument");
    }
  }
}
