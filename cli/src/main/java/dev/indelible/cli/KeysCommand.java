// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.KeyChanges;
import dev.indelible.directory.KeyStates;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.SecondKey;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "keys",
    description = "The keys that sign the chain.",
    subcommands = {
      KeysCommand.Init.class,
      KeysCommand.ListKeys.class,
      KeysCommand.Rotate.class,
      KeysRevokeCommand.class,
      KeysCommand.Replace.class,
      KeysCommand.AddMlDsa44.class,
      KeysCommand.Export.class
    })
final class KeysCommand extends VerbGroup {
  /** The name in a vkey of a log without a checkpoint; the first checkpoint names the log. */
  private static final String DEFAULT_NAME = "indelible";

  /** Returns the log's name, or the default name if it has none yet. */
  private static String name(Verb verb, Collection<VerificationKey> keys) {
    try {
      return origin(verb, keys);
    } catch (CommandFailure | LedgerException e) {
      return DEFAULT_NAME;
    }
  }

  /**
   * Returns the log's name: the origin of its last checkpoint, which one of the keys must verify.
   */
  private static String origin(Verb verb, Collection<VerificationKey> keys)
      throws CommandFailure, LedgerException {
    Optional<StoredCheckpoint> last;
    try (LedgerReader ledger = verb.ledger()) {
      last = ledger.lastCheckpoint();
    }
    CommandFailure.refuseIf(
        last.isEmpty(),
        "the log has no name yet, because it has no checkpoint; give one with --name");
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(last.get().note());
      String origin = signed.unverified().origin();
      return signed.verify(origin, VerifierKey.ofLog(origin, keys)).origin();
    } catch (CheckpointParseException | VerificationException | IllegalArgumentException e) {
      throw CommandFailure.usage(
          "the log's name cannot be read from its last checkpoint: %s; give one with --name",
          e.getMessage());
    }
  }

  private static String vkey(VerificationKey key, String name) {
    return new VerifierKey(name, SignatureType.ED25519, key).vkey();
  }

  private static String vkey(MlDsa44Key key, String name) {
    return new VerifierKey(name, SignatureType.ML_DSA_44_COSIGNATURE, key).vkey();
  }

  /** Returns the ML-DSA-44 keys that the chain names; none if there is no ledger yet. */
  private static List<MlDsa44Key> secondKeys(Verb verb, KeyRing ring)
      throws CommandFailure, LedgerException {
    if (!verb.data().mayHaveLedger()) {
      return List.of();
    }
    try (LedgerReader ledger = verb.ledger()) {
      return KeyHistory.read(ledger, ring, true).secondKeys().stream().map(SecondKey::key).toList();
    }
  }

  @Command(name = "init", description = "Create the key that signs rows, if there is none yet.")
  static final class Init extends Verb {
    @Override
    public Integer call() throws Exception {
      DataDirectory data = data();
      boolean existed = data.keys().hasSigningKey();
      VerificationKey key = data.prepareKey().verificationKey();
      String vkey = vkey(key, name(this, data.keys().accepted().keys()));
      print(
          out -> out.member("created", !existed).member("key_id", key.keyId()).member("vkey", vkey),
          "%s: %s\n%s",
          existed ? "key exists already" : "key created",
          key.keyId(),
          vkey);
      return ExitCode.OK;
    }
  }

  @Command(name = "list", description = "Print the public keys whose signatures are accepted.")
  static final class ListKeys extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      String signing =
          data().keys().hasSigningKey() ? data().keys().read().verificationKey().keyId() : "";
      Table table = new Table("key", "signs", "vkey", "");
      KeyRing ring = data().keys().accepted();
      Collection<VerificationKey> keys = ring.keys();
      KeyStates states = KeyStates.read(data(), ring);
      String name = name(this, keys);
      for (VerificationKey key : keys) {
        boolean signs = key.keyId().equals(signing);
        String vkey = vkey(key, name);
        print(
            out ->
                out.member("key_id", key.keyId())
                    .member("lost", states.isLost(key.keyId()))
                    .member("revoked", states.isRevoked(key.keyId()))
                    .member("signs", signs)
                    .member("vkey", vkey),
            () -> table.row(key.keyId(), signs ? "yes" : "no", vkey, states.describe(key.keyId())));
      }
      for (MlDsa44Key key : secondKeys(this, ring)) {
        boolean signs = data().keys().holdsMlDsa44(key);
        VerifierKey named = new VerifierKey(name, SignatureType.ML_DSA_44_COSIGNATURE, key);
        String shown = "%s+%08x+…".formatted(name, named.id());
        print(
            out ->
                out.member("key_id", key.keyId())
                    .member("lost", false)
                    .member("revoked", false)
                    .member("signs", signs)
                    .member("vkey", named.vkey()),
            () ->
                table.row(
                    key.keyId(),
                    signs ? "checkpoints" : "no",
                    shown,
                    "ML-DSA-44; 'keys export --format vkey' prints the whole vkey"));
      }
      if (keys.isEmpty()) {
        warn(data().path().resolve("keys") + ": no keys here");
      } else if (!json()) {
        table.print(console());
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "rotate",
      description = "Replace the signing key by a new one, and record that, signed by the old key.",
      footer = {
        "",
        "Running processes sign with the old key until they are restarted.",
        "If the command is interrupted, run it again: it completes the rotation."
      })
  static final class Rotate extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      Rotation rotation = data().rotateKey();
      print(
          out ->
              out.member("from", rotation.from().keyId())
                  .member("resumed", rotation.resumed())
                  .member("to", rotation.to().keyId()),
          "key %s signs from now on%s; key %s signed the record of the rotation\nrunning processes sign with the old key until they are restarted",
          rotation.to().keyId(),
          rotation.resumed() ? ", completing an interrupted rotation" : "",
          rotation.from().keyId());
      return ExitCode.OK;
    }
  }

  @Command(
      name = "replace",
      description = "Replace a lost signing key by a new one, and record that in the chain.",
      footer = {
        "",
        "Use this for a key that cannot be restored from a copy; 'indelible keys",
        "rotate' replaces a key that still exists.",
        "The new key itself signs the record of the replacement, so a person who has",
        "only an earlier key cannot verify later rows: give them the new public key.",
        "If the command is interrupted, run it again: it completes the replacement."
      })
  static final class Replace extends Verb {
    @Option(names = "--lost", required = true, description = "the signing key is lost")
    boolean lost;

    @Mixin ReasonOption reason = new ReasonOption();

    @Override
    public Integer call() throws Exception {
      String why = reason.text();
      requireDataDirectory();
      Replacement replacement = data().replaceLostKey(why);
      String keyId = replacement.to().keyId();
      print(
          out -> out.member("resumed", replacement.resumed()).member("to", keyId),
          "key %s signs from now on%s; no earlier key signed it\ngive its public key to everyone who verifies the chain: 'indelible keys export'",
          keyId,
          replacement.resumed() ? ", completing an interrupted replacement" : "");
      return ExitCode.OK;
    }
  }

  @Command(
      name = "add-ml-dsa-44",
      description =
          "Add an ML-DSA-44 key, which also signs each checkpoint, and record that in the chain.",
      footer = {
        "",
        "An ML-DSA-44 signature resists quantum computers. Rows keep their Ed25519",
        "signatures. Running processes use the key from their next checkpoint on; it",
        "cannot be removed. Without the key no checkpoint is signed, so keep a copy of",
        "keys/ml-dsa-44.pem. Give its vkey to everyone who verifies the log:",
        "'indelible keys export --format vkey'."
      })
  static final class AddMlDsa44 extends Verb {
    @Option(names = "--lost", description = "replace the ML-DSA-44 key, which is lost")
    boolean lost;

    @Option(names = "--reason", paramLabel = "TEXT", description = "why the key is replaced")
    @Nullable String reason;

    @Override
    public Integer call() throws Exception {
      CommandFailure.refuseIf(
          lost != (reason != null), "--lost needs --reason TEXT, and --reason needs --lost");
      if (reason != null) {
        requireRecordable("--reason", reason);
      }
      requireDataDirectory();
      KeyChanges.Addition addition =
          reason == null ? data().addMlDsa44() : data().replaceLostMlDsa44(reason);
      String keyId = addition.key().keyId();
      print(
          out -> out.member("added", addition.added()).member("key_id", keyId),
          "ML-DSA-44 key %s signs each checkpoint%s, beside the Ed25519 key",
          keyId,
          addition.added() ? " from now on" : " already");
      return ExitCode.OK;
    }
  }

  @Command(
      name = "export",
      description = "Print the public keys for people who verify the chain; never a private key.")
  static final class Export extends Verb {
    @Option(
        names = "--format",
        paramLabel = "pem|vkey",
        defaultValue = "pem",
        description = "pem, or a C2SP vkey (default: pem)")
    Format format = Format.pem;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "the key's name in a vkey (default: the log's name in its checkpoints)")
    @Nullable String name;

    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      CommandFailure.refuseIf(
          name != null && !VerifierKey.isName(name),
          "--name: a key's name must not be empty or have a space or a +");
      KeyRing ring = data().keys().accepted();
      Collection<VerificationKey> keys = ring.keys();
      CommandFailure.refuseIf(
          keys.isEmpty(),
          "%s: no keys here; restore them from a copy, or, for a new log, create one with"
              + " 'indelible keys init'",
          data().path());
      mark(ring);
      List<MlDsa44Key> second = secondKeys(this, ring);
      if (format == Format.pem) {
        keys.forEach(key -> console().out().print(key.toPem()));
        second.forEach(
            key -> warn(key + ": its signature covers its name, so it is printed as a vkey only"));
        return ExitCode.OK;
      }
      String named = name != null ? name : origin(this, keys);
      keys.forEach(key -> console().line(vkey(key, named)));
      second.forEach(key -> console().line(vkey(key, named)));
      return ExitCode.OK;
    }

    /** Prints the states of keys on standard error, because standard output has only keys. */
    private void mark(KeyRing ring) throws LedgerException, CommandFailure {
      KeyStates states = KeyStates.read(data(), ring);
      for (VerificationKey key : ring.keys()) {
        String state = states.describe(key.keyId());
        if (!state.isEmpty()) {
          warn("key " + key.keyId() + ": " + state);
        }
      }
    }

    enum Format {
      pem,
      vkey
    }
  }
}
