// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.witness.WitnessDirectory;
import dev.indelible.witness.WitnessServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "witness",
    description = "Witness other logs: cosign checkpoints that continue their earlier ones.",
    subcommands = {
      WitnessCommand.Init.class,
      WitnessCommand.Trust.class,
      WitnessCommand.Serve.class
    })
final class WitnessCommand extends VerbGroup {
  /** A verb on the directory of a witness. */
  abstract static class WitnessVerb extends Verb {
    @Option(
        names = "--state",
        paramLabel = "DIR",
        defaultValue = "${env:INDELIBLE_WITNESS:-indelible-witness}",
        description =
            "the witness's directory (default: $$INDELIBLE_WITNESS, else indelible-witness)")
    Path state = Path.of("indelible-witness");

    final WitnessDirectory directory() {
      return new WitnessDirectory(state);
    }
  }

  @Command(
      name = "init",
      description = "Create a witness: its directory, its key and its name, if they do not exist.",
      footer = {
        "",
        "Prints the witness's vkey, which logs and auditors need. Never restore the",
        "directory from a copy: the witness would not know what it has cosigned since",
        "then, and could cosign a fork. Create a new witness instead."
      })
  static final class Init extends WitnessVerb {
    @Option(
        names = "--name",
        paramLabel = "NAME",
        required = true,
        description = "its name, by convention an address without its scheme")
    String name = "";

    @Option(
        names = "--ml-dsa-44",
        description = "cosign with ML-DSA-44, which resists quantum computers (default: Ed25519)")
    boolean mlDsa44;

    @Override
    public Integer call() throws Exception {
      VerifierKey key;
      try {
        VerifierKey.requireName(name);
        key =
            directory()
                .init(
                    name,
                    mlDsa44 ? SignatureType.ML_DSA_44_COSIGNATURE : SignatureType.COSIGNATURE);
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage("--name %s", e.getMessage());
      }
      print(out -> out.member("vkey", key.vkey()), "%s", key.vkey());
      return ExitCode.OK;
    }
  }

  @Command(
      name = "trust",
      description = "Add logs that the witness cosigns; a running witness adds them at once.",
      footer = {
        "",
        "The name in a log's vkey is the log's origin. To print the vkey, run",
        "'indelible keys export --format vkey' on the machine of the log."
      })
  static final class Trust extends WitnessVerb {
    @Parameters(paramLabel = "VKEY", arity = "1..*", description = "the public key of a log")
    List<String> vkeys = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
      List<VerifierKey> logs = new ArrayList<>();
      for (String vkey : vkeys) {
        logs.add(read(vkey));
      }
      for (VerifierKey log : logs) {
        boolean added = directory().trust(log);
        print(
            out -> out.member("added", added).member("log", log.vkey()),
            "%s: %s",
            added ? "trusted" : "trusted already",
            Console.printable(log.name()));
      }
      return ExitCode.OK;
    }

    private static VerifierKey read(String vkey) throws CommandFailure {
      try {
        return VerifierKey.parse(vkey);
      } catch (CheckpointParseException e) {
        throw CommandFailure.usage(e.getMessage());
      }
    }
  }

  @Command(
      name = "serve",
      description = "Serve add-checkpoint requests (C2SP tlog-witness v1.0.0) until interrupted.",
      footer = {
        "",
        "The witness serves plain HTTP, by default on the loopback interface; for TLS,",
        "put a proxy in front of it."
      })
  static final class Serve extends WitnessVerb {
    private static final int MAX_PORT = 65_535;

    @Option(
        names = "--listen",
        paramLabel = "HOST:PORT",
        defaultValue = "127.0.0.1:8127",
        description =
            "the address to listen on; port 0 is any free port (default: ${DEFAULT-VALUE})")
    String listen = "127.0.0.1:8127";

    @Override
    public Integer call() throws Exception {
      InetSocketAddress address = address();
      try (WitnessDirectory.Open open = directory().open();
          WitnessServer server = start(open, address)) {
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        printAddress(open.witness().key(), server.address());
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return ExitCode.OK;
    }

    private WitnessServer start(WitnessDirectory.Open open, InetSocketAddress address)
        throws CommandFailure {
      try {
        return WitnessServer.start(open.witness(), address);
      } catch (IOException e) {
        throw CommandFailure.usage("--listen %s: cannot listen there: %s", listen, e.getMessage());
      }
    }

    private void printAddress(VerifierKey key, InetSocketAddress address) {
      String host = address.getAddress().getHostAddress();
      String url =
          "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
      print(
          out -> out.member("url", url).member("vkey", key.vkey()),
          "witness %s\nlistens on %s",
          key.vkey(),
          url);
      console().out().flush();
    }

    private InetSocketAddress address() throws CommandFailure {
      int colon = listen.lastIndexOf(':');
      String host = colon < 0 ? "" : listen.substring(0, colon).replaceAll("^\\[|\\]$", "");
      int port = port(listen.substring(colon + 1));
      InetSocketAddress address =
          port < 0 || host.isEmpty() ? null : new InetSocketAddress(host, port);
      if (address == null || address.isUnresolved()) {
        throw CommandFailure.usage(
            "--listen %s: not of the form HOST:PORT, for example 127.0.0.1:8127", listen);
      }
      return address;
    }

    private static int port(String text) {
      try {
        int port = Integer.parseInt(text);
        return port > MAX_PORT ? -1 : port;
      } catch (NumberFormatException e) {
        return -1;
      }
    }
  }
}
