// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.policy.PolicyException;
import dev.indelible.server.Daemon;
import dev.indelible.server.ServeConfig;
import dev.indelible.server.ServeConfig.Setting;
import dev.indelible.server.ServeSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the daemon in the foreground until it gets a signal to end. */
@Command(
    name = "serve",
    description = "Answer agents over HTTP, on a TCP address and on a Unix socket.",
    footer = {
      "",
      "Each setting is taken from its option, else from the environment",
      "(INDELIBLE_LISTEN and so on), else from the file, else from its default;",
      "--print-config shows which. An address that is not on loopback needs TLS and",
      "host names, and every caller there needs a credential.",
      "",
      "The daemon loads the rules again when they change, and the rules and the TLS",
      "files on SIGHUP. On SIGTERM or SIGINT it accepts no more requests, waits while",
      "events are still being appended, and exits.",
      "Exit status: 0 all decisions are in the ledger; 5 all are in the journal, and",
      "some wait for the ledger; 2 a wrong setting, or an address that cannot be",
      "used; 1 failure."
    })
final class ServeCommand extends Verb {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "the TCP address, or off (default: 127.0.0.1:8740)")
  @Nullable String listen;

  @Option(
      names = "--socket",
      paramLabel = "FILE",
      description =
          "the Unix socket, or off (default: indelible.sock in $$RUNTIME_DIRECTORY, else"
              + " indelible/indelible.sock in $$XDG_RUNTIME_DIR, else off)")
  @Nullable String socket;

  @Option(
      names = "--publish",
      paramLabel = "on|off",
      description = "serve checkpoint, tiles and records without a credential (default: off)")
  @Nullable String publish;

  @Option(
      names = "--tls-certificate",
      paramLabel = "FILE",
      description = "the certificate of the TCP address and its issuers, in PEM (default: no TLS)")
  @Nullable String tlsCertificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "the private key of the certificate, as PKCS#8 in PEM")
  @Nullable String tlsKey;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "the issuers of client certificates, in PEM (default: ask for no certificate)")
  @Nullable String tlsClientCa;

  @Option(
      names = "--names",
      paramLabel = "NAMES",
      description = "the names of this machine that clients use, with semicolons between them")
  @Nullable String names;

  @Option(
      names = "--roles",
      paramLabel = "ROLES",
      description =
          "roles of users, groups and client certificates, for example"
              + " 'user:alice = reader; cert:CN=seven = agent as agent:7'")
  @Nullable String roles;

  @Option(
      names = "--rate-limit",
      paramLabel = "NUMBER",
      description =
          "requests per second for each credential, and for callers without one (default: off)")
  @Nullable String rateLimit;

  @Option(
      names = "--record-reads",
      paramLabel = "on|off",
      description = "record in the chain who reads the log (default: on)")
  @Nullable String recordReads;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "${env:INDELIBLE_CONFIG}",
      description = "a YAML file with settings (default: $$INDELIBLE_CONFIG, else none)")
  @Nullable Path config;

  @Option(names = "--print-config", description = "print the settings and their origins, and exit")
  boolean printConfig;

  @Option(
      names = "--init",
      description = "prepare the data directory, print the first API key once, and exit")
  boolean init;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    ServeConfig resolved = resolve();
    ServeSettings settings = settings(resolved);
    if (printConfig) {
      console().out().print(resolved.print());
      return ExitCode.OK;
    }
    if (init) {
      return init();
    }
    boolean written = false;
    Indelible indelible = openLog(anchor.file(), Run.STREAM);
    try {
      Daemon daemon = start(indelible, settings.withKeys(ApiKeyFile.in(data().path())));
      try {
        CountDownLatch ending = new CountDownLatch(1);
        for (String name : List.of("TERM", "INT")) {
          Signals.handle(name, ending::countDown);
        }
        Signals.handle("HUP", () -> reload(indelible, daemon));
        announce(daemon);
        notifySystemd();
        ending.await();
      } finally {
        daemon.stop();
      }
    } finally {
      written = closeStream(indelible);
    }
    return written ? ExitCode.OK : ExitCode.WAITING;
  }

  /** Creates the data directory and the first key, unless a file of keys exists. */
  private int init() throws Exception {
    ApiKeyFile file = ApiKeyFile.in(data().path());
    Indelible log = openLog(Optional.empty(), Run.NO_ACTION);
    try (ApiKeyFile.Change change = file.change()) {
      if (file.exists()) {
        warn(
            file.path()
                + ": exists, so no key is created; 'indelible api-keys create' creates more keys");
      } else {
        ApiKeysCommand.create(
            this, log, change, ApiKeysCommand.NewKey.first(), System.getProperty("user.name"));
      }
    } finally {
      closeWritten(log);
    }
    return ExitCode.OK;
  }

  private ServeConfig resolve() throws CommandFailure {
    Map<Setting, String> options = new EnumMap<>(Setting.class);
    put(options, Setting.LISTEN, listen);
    put(options, Setting.SOCKET, socket);
    put(options, Setting.PUBLISH, publish);
    put(options, Setting.TLS_CERTIFICATE, tlsCertificate);
    put(options, Setting.TLS_KEY, tlsKey);
    put(options, Setting.TLS_CLIENT_CA, tlsClientCa);
    put(options, Setting.NAMES, names);
    put(options, Setting.ROLES, roles);
    put(options, Setting.RATE_LIMIT, rateLimit);
    put(options, Setting.RECORD_READS, recordReads);
    try {
      Path file = config == null || config.toString().isEmpty() ? null : config;
      return ServeConfig.resolve(options, System.getenv(), file);
    } catch (IOException e) {
      throw CommandFailure.usage("settings cannot be read: %s", e.getMessage());
    }
  }

  private static void put(Map<Setting, String> options, Setting setting, @Nullable String value) {
    if (value != null) {
      options.put(setting, value);
    }
  }

  private static ServeSettings settings(ServeConfig resolved) throws CommandFailure {
    try {
      return resolved.settings();
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  private static Daemon start(Indelible indelible, ServeSettings settings) throws CommandFailure {
    try {
      return Daemon.start(indelible, settings);
    } catch (IOException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reports to systemd that the daemon is ready, if systemd waits for that. Runs the program
   * systemd-notify, because Java cannot send datagrams to a Unix socket.
   */
  private void notifySystemd() throws InterruptedException {
    if (System.getenv().getOrDefault("NOTIFY_SOCKET", "").isEmpty()) {
      return;
    }
    try {
      Process notify =
          new ProcessBuilder("systemd-notify", "--ready", "--pid=" + ProcessHandle.current().pid())
              .inheritIO()
              .start();
      if (notify.waitFor() != 0) {
        warn("systemd-notify failed, so systemd does not learn that the daemon is ready");
      }
    } catch (IOException e) {
      warn("systemd-notify cannot run, so systemd does not learn that the daemon is ready: " + e);
    }
  }

  /**
   * Loads the rules and the TLS files again. If that fails, the current ones stay in use; for the
   * rules, health reports the reason.
   */
  private void reload(Indelible indelible, Daemon daemon) {
    try {
      daemon.reloadTls();
    } catch (IOException e) {
      warn("the current TLS files stay in use: " + e.getMessage());
    }
    try {
      indelible.reloadPolicy();
    } catch (PolicyException e) {
      warn("the rules in force stay: " + e.getMessage());
    }
  }

  /** Prints the addresses, for a person or for a program that waits until the daemon answers. */
  private void announce(Daemon daemon) {
    List<String> addresses = daemon.addresses();
    print(
        out -> out.name("addresses").strings(addresses),
        "%s answers on %s",
        data().path(),
        String.join(" and ", addresses));
    console().out().flush();
  }
}
