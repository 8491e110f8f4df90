// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.KeyEvents;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.kafka.GateFile;
import dev.indelible.kafka.GateKeys;
import dev.indelible.kafka.GateSettings.Settlement;
import dev.indelible.kafka.QueueException;
import dev.indelible.note.GateKey;
import dev.indelible.storage.StoredLedger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "gates",
    description = "The gates that record into a log through a queue.",
    subcommands = {
      GatesCommand.Join.class,
      GatesCommand.Add.class,
      GatesCommand.Remove.class,
      GatesCommand.ListGates.class
    })
final class GatesCommand extends VerbGroup {
  private static GateKey gate(String name, VerificationKey key) throws CommandFailure {
    try {
      return new GateKey(name, key);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  private static String vkey(GateKey gate) {
    return new VerifierKey(gate.gate(), SignatureType.ED25519, gate.key()).vkey();
  }

  @Command(
      name = "join",
      description = "Make the data directory that of a gate which records through a queue.",
      footer = {
        "",
        "Creates the gate's key, if there is none, and prints its vkey, which 'indelible",
        "gates add' needs on the machine of the log. From then on, every verb that",
        "records here sends its events to the queue. The settings are in queue/settings.",
        "Put passwords and TLS into a properties file of Kafka's client: --client."
      })
  static final class Join extends Verb {
    @Parameters(paramLabel = "NAME", description = "the name of the gate")
    String name = "";

    @Option(
        names = "--queue",
        paramLabel = "URL",
        required = true,
        description = "the queue, as kafka://HOST:PORT[,HOST:PORT]/TOPIC")
    String queue = "";

    @Option(
        names = "--log-key",
        paramLabel = "VKEY",
        required = true,
        description = "the vkey of a log that records from the queue; may be repeated")
    List<String> logKeys = new ArrayList<>();

    @Option(
        names = "--client",
        paramLabel = "FILE",
        description = "a properties file of Kafka's client")
    @Nullable Path client;

    @Option(
        names = "--tenant",
        paramLabel = "KEY",
        description = "send all events to the partition of this key (default: by agent)")
    String tenant = "";

    @Option(
        names = "--acknowledged",
        description =
            "forget an event once the brokers have it (default: once the log has recorded it)")
    boolean acknowledged;

    @Override
    public Integer call() throws Exception {
      DataDirectory data = data();
      CommandFailure.refuseIf(
          data.recordsLedger(),
          "%s: the directory has or names a ledger; a gate that records through a queue needs another",
          data.path());
      try {
        GateFile settings =
            new GateFile(
                queue,
                name,
                logKeys,
                new GateFile.Options(
                    tenant,
                    acknowledged ? Settlement.ACKNOWLEDGED : Settlement.RECORDED,
                    Optional.ofNullable(client)));
        if (!data.hasQueue()) {
          data.prepare();
        }
        settings.write(data.queue());
      } catch (QueueException e) {
        throw CommandFailure.usage(String.valueOf(e.getMessage()));
      }
      String vkey = vkey(gate(name, data.keys().openOrCreate().verificationKey()));
      print(
          out -> out.member("gate", name).member("vkey", vkey),
          "gate %s records through %s\nenrol it in the log: indelible gates add '%s'",
          name,
          queue,
          vkey);
      return ExitCode.OK;
    }
  }

  /** A verb about one gate of the log. */
  abstract static class GateVerb extends Verb {
    @Parameters(
        paramLabel = "VKEY",
        description =
            "the gate's vkey, as 'indelible gates join' prints it; its name is the gate's")
    String vkey = "";

    final GateKey gate() throws CommandFailure {
      try {
        return GatesCommand.gate(
            vkey.substring(0, Math.max(0, vkey.indexOf('+'))), GateFile.key(vkey));
      } catch (QueueException e) {
        throw CommandFailure.usage(String.valueOf(e.getMessage()));
      }
    }

    final GateKeys enrolled(SigningKeys keys) throws Exception {
      try (StoredLedger ledger = ledger()) {
        return GateKeys.read(ledger, keys.accepted());
      }
    }

    final boolean isEnrolled(SigningKeys keys, GateKey gate) throws Exception {
      return enrolled(keys).find(gate.gate(), gate.key().keyId()).isPresent();
    }
  }

  @Command(
      name = "add",
      description = "Enrol a gate: the ledger writer then records its events.",
      footer = {"", "A gate may have several keys, so that it can change its key."})
  static final class Add extends GateVerb {
    @Override
    public Integer call() throws Exception {
      GateKey gate = gate();
      data().prepareKey();
      if (data().engine().identify().isPresent() && isEnrolled(data().signingKeys(), gate)) {
        print(gate, false);
        return ExitCode.OK;
      }
      SigningKeys keys = new SigningKeys(data().keys().read(), data().keys().accepted());
      try (KeyEvents events = data().keyEvents(keys.accepted())) {
        events.enroll(keys.signer(), gate);
      }
      print(gate, true);
      return ExitCode.OK;
    }

    private void print(GateKey gate, boolean added) {
      print(
          out -> out.member("added", added).member("gate", gate.gate()),
          "gate %s is enrolled%s",
          gate.gate(),
          added ? "" : " already");
    }
  }

  @Command(
      name = "remove",
      description = "Remove a gate's key: its events are refused from then on.")
  static final class Remove extends GateVerb {
    @Override
    public Integer call() throws Exception {
      GateKey gate = gate();
      requireDataDirectory();
      SigningKeys keys = data().signingKeys();
      CommandFailure.refuseIf(
          !isEnrolled(keys, gate), "gate %s is not enrolled with this key", gate.gate());
      try (KeyEvents events = data().keyEvents(keys.accepted())) {
        events.remove(keys.signer(), gate);
      }
      print(
          out -> out.member("gate", gate.gate()).member("removed", true),
          "gate %s is removed",
          gate.gate());
      return ExitCode.OK;
    }
  }

  @Command(name = "list", description = "Print the enrolled gates.")
  static final class ListGates extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      Table table = new Table("gate", "key", "vkey");
      List<GateKey> gates;
      try (StoredLedger ledger = ledger()) {
        gates = GateKeys.read(ledger, data().signingKeys().accepted()).all();
      }
      for (GateKey gate : gates) {
        print(
            out ->
                out.member("gate", gate.gate())
                    .member("key_id", gate.key().keyId())
                    .member("vkey", vkey(gate)),
            () -> table.row(gate.gate(), gate.key().keyId(), vkey(gate)));
      }
      if (!json() && gates.isEmpty()) {
        line("no gates are enrolled");
      } else if (!json()) {
        table.print(console());
      }
      return ExitCode.OK;
    }
  }
}
