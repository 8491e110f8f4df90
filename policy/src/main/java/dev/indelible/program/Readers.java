// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The readers written in Java, to which entries of the table refer by name.
 *
 * <p>The class is long because it has one short method for each reader.
 */
final class Readers {
  /** The detail of a link whose target is relative to the working directory. */
  private static final String FROM_HERE = "from here";

  private static final Pattern QUOTED = Pattern.compile("(['\"])(.*?)\\1");

  /** Commands of an editor that run another language. */
  private static final Pattern EMBEDDED =
      Pattern.compile("(?:lua|perl|py|py3|python|python3|ruby) ");

  private Readers() {}

  /**
   * Returns the reader of an argument. A switch, unlike a map, loads only the readers that are
   * used.
   */
  static Optional<ArgumentReader> argument(String name) {
    @Nullable ArgumentReader reader =
        switch (name) {
          case "agent-mode" -> Services::agentMode;
          case "alias" -> Wrappers::alias;
          case "all-containers" -> Clusters::allContainers;
          case "ansible" -> Wrappers::ansible;
          case "api-method" -> Cloud::apiMethod;
          case "apt-option" -> Packages::aptOption;
          case "awk-include" -> Readers::awkInclude;
          case "awk-program" -> AwkScanner::read;
          case "build-goal" -> Packages::buildGoal;
          case "build-tool" -> Packages::buildTool;
          case "capability" -> Containers::capability;
          case "cargo-config" -> Packages::cargoConfig;
          case "cloud-command" -> Cloud::command;
          case "cloud-verb" -> Cloud::verb;
          case "cluster-resource" -> Clusters::resource;
          case "cluster-secret" -> Clusters::secret;
          case "cmd-text" -> Services::cmdText;
          case "chart" -> Packages::chart;
          case "code" -> Readers::code;
          case "copy-source" -> Network::copySource;
          case "copy-target" -> Network::copyTarget;
          case "crontab-file" -> Readers::crontabFile;
          case "dash-arguments" -> Wrappers::dashArguments;
          case "data" -> Network::data;
          case "database-task" -> Databases::task;
          case "database-url" -> Databases::url;
          case "deleted-branch" -> GitRefs::deletedBranch;
          case "deleted-ref" -> GitRefs::deletedRef;
          case "deleted-tag" -> GitRefs::deletedTag;
          case "device" -> Readers::device;
          case "dns-operand" -> Network::dnsOperand;
          case "drive" -> Services::drive;
          case "editor-command" -> Readers::editorCommand;
          case "editor-operand" -> Readers::editorOperand;
          case "emptied-target" -> Network::emptiedTarget;
          case "engine-socket" -> Containers::socket;
          case "entrypoint" -> Containers::entrypoint;
          case "env-split" -> Wrappers::envSplit;
          case "fetched" -> Wrappers::fetched;
          case "flake" -> Packages::flake;
          case "flock" -> Wrappers::flock;
          case "forced-deletion" -> GitRefs::forcedDeletion;
          case "for-rest" -> Wrappers::forRest;
          case "form" -> Network::form;
          case "gdb-command" -> Wrappers::gdbCommand;
          case "gh-alias" -> Cloud::alias;
          case "git-config" -> GitConfig::setting;
          case "git-config-key" -> GitConfig::key;
          case "git-config-operands" -> GitConfig::operands;
          case "git-url" -> GitConfig::url;
          case "git-whole-tree" -> GitConfig::wholeTree;
          case "go-run" -> Packages::goRun;
          case "helper" -> Wrappers::helper;
          case "hard-link-pair" -> Readers::hardLinkPair;
          case "host-namespace" -> Containers::namespace;
          case "http-deletion" -> HttpDeletion::deleted;
          case "http-method" -> HttpDeletion::method;
          case "http-operand" -> Network::httpOperand;
          case "imported-settings" -> Services::importedSettings;
          case "input-unless-sql" -> Databases::inputUnlessSql;
          case "kernel-setting" -> Services::kernelSetting;
          case "jar" -> Packages::jar;
          case "keys" -> Wrappers::keys;
          case "library-path" -> Wrappers::libraryPath;
          case "link" -> Readers::link;
          case "link-directory" -> Readers::linkDirectory;
          case "login-hook" -> Services::loginHook;
          case "link-pair" -> Readers::linkPair;
          case "make-operand" -> Wrappers::makeOperand;
          case "manifest" -> Packages::manifest;
          case "mapped" -> Calls::mapped;
          case "mode" -> ModeReader::mode;
          case "module" -> Wrappers::module;
          case "mongo" -> Databases::mongo;
          case "mount" -> Containers::volume;
          case "mount-spec" -> Containers::spec;
          case "nc-host" -> Network::ncHost;
          case "network-verb" -> Services::networkVerb;
          case "new-root" -> Containers::newRoot;
          case "new-item" -> Readers::newItem;
          case "no-replicas" -> Clusters::replicas;
          case "npm-script" -> Packages::npmScript;
          case "npm-setting" -> Packages::npmSetting;
          case "npx" -> Wrappers::npx;
          case "one-shell" -> Calls::oneShell;
          case "owner" -> Readers::owner;
          case "offered-port" -> Network::offeredPort;
          case "open-mode" -> Calls::openMode;
          case "package-source" -> Packages::source;
          case "pager-operand" -> Readers::pagerOperand;
          case "parallel" -> ParallelReader::parallel;
          case "path-not-ref" -> GitRefs::pathNotRef;
          case "pathspec" -> GitConfig::pathspec;
          case "perl-open" -> Calls::perlOpen;
          case "php-setting" -> Wrappers::phpSetting;
          case "pip-setting" -> Packages::pipSetting;
          case "pattern-of-all" -> Services::processes;
          case "powershell-command" -> Wrappers::powershellCommand;
          case "powershell-file" -> Wrappers::powershellFile;
          case "priority-command" -> Wrappers::priorityCommand;
          case "project-task" -> Wrappers::projectTask;
          case "prompt" -> Wrappers::prompt;
          case "redis" -> Databases::redis;
          case "registry-key" -> Services::registryKey;
          case "refspec" -> GitRefs::refspec;
          case "remote-input" -> Network::remoteInput;
          case "remote-name" -> Network::remoteName;
          case "remote-names" -> Network::remoteNames;
          case "rename" -> Readers::rename;
          case "rest-command" -> Wrappers::restCommand;
          case "revision-path" -> GitRefs::revisionPath;
          case "revisions" -> GitRefs::revisions;
          case "screen-operands" -> Wrappers::screenOperands;
          case "security-option" -> Containers::securityOption;
          case "sed-script" -> SedScanner::read;
          case "served-directory" -> Network::servedDirectory;
          case "secret-name" -> Cloud::secretName;
          case "service" -> Services::service;
          case "shell-arguments" -> Wrappers::shellArguments;
          case "socat" -> Network::socat;
          case "spawn" -> Calls::spawn;
          case "sql-of-file" -> Databases::sqlOfFile;
          case "ssh-forward" -> Network::sshForward;
          case "ssh-logins" -> ParallelReader::sshLogins;
          case "ssh-option" -> Network::sshOption;
          case "su" -> Wrappers::su;
          case "system-database" -> Services::systemDatabase;
          case "tar-action" -> Readers::tarAction;
          case "tar-remote" -> Network::tarRemote;
          case "test-database" -> Databases::testDatabase;
          case "tmux-command" -> Wrappers::tmuxCommand;
          case "tmux-keys" -> Wrappers::tmuxKeys;
          case "tmux-text" -> Wrappers::tmuxText;
          case "tmux-words" -> Wrappers::tmuxWords;
          case "trap-text" -> Wrappers::trapText;
          case "unpacked" -> Readers::unpacked;
          case "untracked" -> GitConfig::untracked;
          case "url-file" -> Network::urlFile;
          case "url-or-file" -> Calls::urlOrFile;
          case "uv-run" -> Packages::uvRun;
          case "vim-script" -> Readers::vimScript;
          case "public-range" -> Cloud::publicRange;
          case "remote-command" -> Cloud::remoteCommand;
          case "remote-parameters" -> Cloud::remoteParameters;
          case "public-access" -> Cloud::publicAccess;
          case "visibility" -> Cloud::visibility;
          case "wget-command" -> Network::wgetCommand;
          case "vacuum" -> Services::vacuum;
          case "web-script" -> Packages::webScript;
          case "windows-admin" -> Services::windowsAdmin;
          case "windows-code" -> Services::windowsCode;
          case "windows-url" -> Services::windowsUrl;
          default -> null;
        };
    return Optional.ofNullable(reader);
  }

  /** Returns the reader of a whole command line. */
  static Optional<Function<List<Value>, Invocation>> program(String name) {
    @Nullable Function<List<Value>, Invocation> reader =
        switch (name) {
          case "chmod" -> ModeReader::chmod;
          case "echo" -> Readers::echo;
          case "find" -> FindReader::find;
          case "kill" -> KillReader::kill;
          default -> null;
        };
    return Optional.ofNullable(reader);
  }

  /**
   * Reads a library that gawk includes; {@code inplace} makes gawk write to the files that it
   * reads.
   */
  private static void awkInclude(Value argument, Template template, Scan scan) {
    if (!Values.is(argument, "inplace")) {
      Wrappers.libraryPath(argument, template, scan);
      return;
    }
    int first = scan.has("-f") || scan.has("-e") ? 0 : 1;
    for (int i = first; i < scan.operands().size(); i++) {
      scan.uses().add(Role.WRITES, scan.operands().get(i));
    }
  }

  /** Reads a command of vi, less or ed that may begin with a shell escape. */
  private static void editorCommand(Value argument, Template template, Scan scan) {
    editorCommand(argument, scan.uses());
  }

  /** Reads a command of vi, less or ed that may begin with a shell escape. */
  static void editorCommand(Value argument, Uses uses) {
    String text = argument.prefix();
    int i = 0;
    while (i < text.length() && ": \t%.,$0123456789".indexOf(text.charAt(i)) >= 0) {
      i++;
    }
    for (String word : List.of("silent!", "silent", "sil!", "exe", "read", "r", "write", "w")) {
      if (text.startsWith(word, i) && i + word.length() < text.length()) {
        char next = text.charAt(i + word.length());
        if (next == ' ' || next == '!' && word.equals("r")) {
          i += word.length();
          while (i < text.length() && text.charAt(i) == ' ') {
            i++;
          }
        }
      }
    }
    int system = text.indexOf("system(");
    if (text.startsWith("!", i)) {
      uses.addDetour(Role.RUNS_SHELL, argument.from(i + 1), "");
    } else if (text.startsWith("term", i)) {
      List<Value> words = Values.cut(argument, ' ');
      uses.addDetour(Role.RUNS_SHELL, words.get(words.size() - 1), "");
    } else if (system >= 0) {
      Value call = argument.from(system + "system(".length());
      String quote = call.prefix().isEmpty() ? "" : call.prefix().substring(0, 1);
      if (quote.equals("'") || quote.equals("\"")) {
        Value command = Values.cut(call.from(1), quote.charAt(0)).get(0);
        uses.addDetour(Role.RUNS_SHELL, command, "");
      } else {
        uses.add(Role.HIDES, "a computed command");
      }
    } else if (text.startsWith("call delete(", i)) {
      String arguments = text.substring(i + "call delete(".length());
      Matcher path = QUOTED.matcher(arguments);
      if (path.find()) {
        boolean isRecursive = arguments.contains("rf");
        uses.add(Role.DELETES, List.of(Values.path(path.group(2))), "", isRecursive, false);
      }
    } else if (EMBEDDED.matcher(text.substring(i)).lookingAt()) {
      int blank = text.indexOf(' ', i);
      String name = text.substring(i, blank);
      String language = name.startsWith("py") ? "python" : name.startsWith("rub") ? "ruby" : name;
      uses.addDetour(Role.RUNS_CODE, argument.from(blank + 1), language);
    } else if (text.startsWith("so ", i) || text.startsWith("source ", i)) {
      Value file = Values.cut(argument.from(i), ' ').get(1);
      uses.addDetour(Role.RUNS_FILE, file, "vim");
    }
  }

  /** Reads the value of tar's {@code --checkpoint-action}. */
  private static void tarAction(Value argument, Template template, Scan scan) {
    if (argument.prefix().startsWith("exec=")) {
      scan.uses().addDetour(Role.RUNS_SHELL, argument.from("exec=".length()), "");
    }
  }

  /** Reads the directory into which an archive is extracted: with {@code -P} any directory. */
  private static void unpacked(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.WRITES, Value.of(scan.has("-P") ? "/" : "."), "unpacked");
  }

  /** Reads the code of another language. */
  private static void code(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.RUNS_CODE, argument, scan.program());
  }

  /** Reads a new crontab. */
  private static void crontabFile(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.RUNS_FILE, argument, "crontab");
  }

  /** Reads an operand of a program that changes disks: only paths of devices count. */
  private static void device(Value argument, Template template, Scan scan) {
    boolean isPath =
        !Values.isKnown(argument)
            || argument.prefix().startsWith("/")
            || argument.prefix().startsWith("\\");
    if (isPath) {
      scan.uses().add(Role.DELETES, List.of(argument), "", true, false);
    } else if (scan.program().equals("diskutil")) {
      Value device = Value.of("/dev/").plus(argument);
      scan.uses().add(Role.DELETES, List.of(device), "", true, false);
    }
  }

  /**
   * Reads the argument after {@code -s}: a file of commands. For ex, where {@code -s} means silent,
   * it may be an option instead.
   */
  private static void vimScript(Value argument, Template template, Scan scan) {
    if (!argument.prefix().startsWith("-") && !argument.prefix().startsWith("+")) {
      scan.uses().addDetour(Role.RUNS_FILE, argument, "vim");
    }
  }

  /** Reads an operand of an editor: {@code +command} or a file. */
  private static void editorOperand(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.startsWith("+") && text.length() > 1) {
      editorCommand(argument.from(1), template, scan);
    } else if (text.startsWith("!") || text.startsWith(":")) {
      editorCommand(argument, template, scan);
    } else if (!text.equals("+")) {
      scan.uses().add(Role.WRITES, argument);
    }
  }

  /** Reads an operand of a pager: {@code +command} or a file. */
  private static void pagerOperand(Value argument, Template template, Scan scan) {
    if (argument.prefix().startsWith("+")) {
      editorCommand(argument.from(1), template, scan);
    } else {
      scan.uses().add(Role.READS, argument);
    }
  }

  /** Reads the last operand of {@code ln}: the link, or a directory for the links. */
  private static void link(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (operands.size() == 1) {
      linkIn(Value.of("."), argument, scan);
      return;
    }
    if (operands.size() == 2) {
      link(argument, operands.get(0), scan);
      if (scan.has("-T")) {
        return;
      }
    }
    for (Value target : operands.subList(0, operands.size() - 1)) {
      linkIn(argument, target, scan);
    }
  }

  private static void linkDirectory(Value argument, Template template, Scan scan) {
    for (Value target : scan.operands()) {
      linkIn(argument, target, scan);
    }
  }

  /**
   * Reads a link that has its target's name; a target without a name, such as {@code ..}, yields no
   * link.
   */
  private static void linkIn(Value directory, Value target, Scan scan) {
    Value name = Values.baseName(target);
    if (!name.pieces().isEmpty() && !Values.is(name, "..") && !Values.is(name, ".")) {
      link(Values.below(directory, name), target, scan);
    }
  }

  private static void link(Value link, Value target, Scan scan) {
    boolean isSymbolic = scan.has("-s") && !scan.has("--relative");
    // Without -f a file that exists stays as it is.
    String manner = scan.has("-f") ? "" : "new link";
    link(link, target, (manner + (isSymbolic ? "" : " " + FROM_HERE)).strip(), scan);
  }

  private static void link(Value link, Value target, String detail, Scan scan) {
    scan.uses().add(Role.LINKS, List.of(link, target), detail, false, false);
  }

  /** Reads the link, which is one of the first two operands; the other is its target. */
  private static void linkPair(Value argument, Template template, Scan scan) {
    linkPair(argument, "", scan);
  }

  /** Reads a path for PowerShell's {@code New-Item}, which creates files, directories and links. */
  private static void newItem(Value argument, Template template, Scan scan) {
    Value name = scan.optionValue("-name").orElse(Value.EMPTY);
    Value path = name.pieces().isEmpty() ? argument : Values.below(argument, name);
    String type = scan.optionValue("-itemtype").map(Value::display).orElse("");
    Optional<Value> target = scan.optionValue("-target").or(() -> scan.optionValue("-value"));
    if (target.isPresent()
        && type.toLowerCase(Locale.ROOT).matches("symboliclink|junction|hardlink")) {
      link(path, target.get(), "", scan);
    } else {
      scan.uses().add(Role.WRITES, path);
    }
  }

  private static void hardLinkPair(Value argument, Template template, Scan scan) {
    linkPair(argument, FROM_HERE, scan);
  }

  private static void linkPair(Value link, String detail, Scan scan) {
    List<Value> operands = scan.operands();
    if (operands.size() < 2) {
      scan.uses().add(Role.WRITES, link);
    } else {
      link(link, operands.get(operands.get(0) == link ? 1 : 0), detail, scan);
    }
  }

  /**
   * Reads a path whose owner changes; the manner is "own owner" if it is in the new owner's home.
   */
  private static void owner(Value argument, Template template, Scan scan) {
    String owner = scan.operands().get(0).prefix().split("[:.]", 2)[0];
    String path = argument.prefix();
    boolean isOwn =
        !owner.isEmpty()
            && Stream.of("/home/", "/Users/")
                .map(homes -> homes + owner)
                .anyMatch(
                    home -> argument.isKnown() && path.equals(home) || path.startsWith(home + "/"))
            && !argument.display().contains("..");
    String manner = isOwn ? Use.OWN_OWNER : Use.OWNER;
    scan.uses().add(Role.WRITES, List.of(argument), manner, scan.isRecursive(), false);
  }

  /** Reads the first operand of {@code rename}: an expression of Perl. */
  private static void rename(Value argument, Template template, Scan scan) {
    if (Values.isKnown(argument) && !scan.has("-e")) {
      scan.uses().add(Role.RUNS_CODE, argument, "perl");
    }
  }

  /** Reads {@code echo}, which prints every argument after its options. */
  private static Invocation echo(List<Value> argv) {
    int from = 1;
    while (from < argv.size()
        && Values.isKnown(argv.get(from))
        && isEchoOption(argv.get(from).prefix())) {
      from++;
    }
    return new Invocation("echo", List.of(), argv.subList(from, argv.size()), Output.OPERANDS);
  }

  private static boolean isEchoOption(String text) {
    if (text.length() < 2 || text.charAt(0) != '-') {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      if ("neE".indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }
}
