// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.crypto.SigningKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible keys rotate} and {@code keys revoke}. */
class KeysTest {
  @TempDir Path directory;
  private Cli cli;
  private String vkey;
  private String first;

  @BeforeEach
  void oneDecision() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    JsonNode key = cli.run("keys", "list", "--output", "json").ok().json();
    vkey = key.path("vkey").asString();
    first = key.path("key_id").asString();
  }

  @Test
  void rotatedChainVerifiesWithItsFirstKey() {
    JsonNode rotated = cli.run("keys", "rotate", "--output", "json").ok().json();
    cli.run("check", Cli.bash("ls")).ok();

    assertThat(rotated.path("from").asString()).isEqualTo(first);
    assertThat(cli.run("log", "verify", "--key", vkey).ok().out())
        .contains(rotated.path("to").asString() + " introduced by row 3");
    assertThat(cli.run("log", "verify").ok().out()).contains("from the data directory");
  }

  /** An auditor verifies the log with this vkey, so it has the log's name. */
  @Test
  void initOfAnExistingLogPrintsItsVkey() {
    JsonNode again = cli.run("keys", "init", "--output", "json").ok().json();

    assertThat(again.path("created").asBoolean()).isFalse();
    assertThat(again.path("vkey").asString()).isEqualTo(vkey);
    cli.run("log", "verify", "--key", again.path("vkey").asString()).ok();
  }

  @Test
  void useOfARevokedKeyIsAFinding() throws Exception {
    assertThat(revoke(first, "x").complaint(2)).contains("rotate it first");
    cli.run("keys", "rotate").ok();

    revoke(first, "lost with a laptop").ok();

    assertThat(cli.run("log", "verify", "--key", vkey).ok().out())
        .contains(first + " the first, revoked by row 4");
    assertThat(revoke(first, "x").complaint(2)).contains("already revoked by row 4");
  }

  /** From the row on that adds the key, every form of a checkpoint has both signatures. */
  @Test
  void addedMlDsa44KeySignsCheckpoints() throws Exception {
    JsonNode added = cli.run("keys", "add-ml-dsa-44", "--output", "json").ok().json();
    assertThat(added.path("added").asBoolean()).isTrue();
    cli.run("check", Cli.bash("ls")).ok();
    Path vkeys = directory.resolve("vkeys");
    Files.writeString(vkeys, cli.run("keys", "export", "--format", "vkey").ok().out());
    assertThat(Files.readAllLines(vkeys)).hasSize(2).first().isEqualTo(vkey);
    String both = vkeys.toString();

    assertThat(cli.run("keys", "add-ml-dsa-44", "--output", "json").ok().json().path("added"))
        .hasToString("false");
    assertThat(cli.run("log", "verify", "--key", both).ok().out())
        .contains("ML-DSA-44 key " + added.path("key_id").asString());
    assertThat(cli.run("keys", "list").ok().out()).contains("checkpoints").contains("ML-DSA-44");
    assertThat(cli.run("keys", "export").err()).contains("printed as a vkey only");
    cli.run("status").ok();

    String export = directory.resolve("export").toString();
    cli.run("log", "export", export).ok();
    assertThat(cli.run("log", "verify", "--export", export, "--key", both).ok().out())
        .doesNotContain("give the key's vkey");
    String id = cli.rows().get(0).path("id").asString();
    String receipt = directory.resolve("receipt").toString();
    cli.run("log", "prove", id, "--out", receipt).ok();
    cli.run("proof", "verify", receipt, "--key", both).ok();
    Files.writeString(Path.of(receipt), withoutLastLine(Path.of(receipt)));
    assertThat(cli.run("proof", "verify", receipt, "--key", both).exit()).isEqualTo(3);
    cli.run("proof", "verify", receipt, "--key", vkey).ok();

    cli.sql(
        "UPDATE indelible_checkpoints SET note = substr(note, 1, instr(note, char(10, 8212)) + 142)"
            + " WHERE size = (SELECT max(size) FROM indelible_checkpoints)");
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
  }

  private static String withoutLastLine(Path file) throws Exception {
    String text = Files.readString(file).stripTrailing();
    return text.substring(0, text.lastIndexOf('\n') + 1);
  }

  @Test
  void lostMlDsa44KeyIsReplaced() throws Exception {
    assertThat(cli.run("keys", "add-ml-dsa-44", "--lost").complaint(2))
        .contains("--lost needs --reason TEXT");
    cli.run("keys", "add-ml-dsa-44").ok();
    Path file = cli.data().resolve("keys/ml-dsa-44.pem");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(cli.run("keys", "add-ml-dsa-44").complaint(2)).contains("others can reach this key");
    Files.delete(file);
    assertThat(cli.run("status").out()).contains("keys add-ml-dsa-44 --lost --reason TEXT");

    cli.run("keys", "add-ml-dsa-44", "--lost", "--reason", "the disk failed").ok();

    cli.run("check", Cli.bash("ls")).ok();
    cli.run("log", "verify").ok();
    cli.run("status").ok();
    assertThat(cli.run("keys", "export", "--format", "vkey").ok().out().lines()).hasSize(3);
  }

  /** A copy of a revoked key replaces the new key. */
  @Test
  void revokedKeyThatIsRestoredSignsNothing() throws Exception {
    Path place = cli.data().resolve("keys/audit.pem");
    Path copy = Files.copy(place, directory.resolve("copy"));
    cli.run("keys", "rotate").ok();
    revoke(first, "lost with a laptop").ok();
    Files.copy(copy, place, StandardCopyOption.REPLACE_EXISTING);
    Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rw-------"));

    assertThat(cli.run("keys", "rotate").complaint(2))
        .contains("is revoked by row 4 and signs nothing more")
        .contains("restart this process with the new key");
    cli.run("log", "verify").ok();
  }

  @Test
  void rowsSinceATimeOrRowAreUnknown() {
    cli.run("keys", "rotate").ok();

    cli.run("keys", "revoke", first, "--since", "2020-01-01T00:00:00Z", "--reason", "r").ok();

    assertThat(cli.run("log", "verify", "--key", vkey))
        .returns(3, Cli.Result::exit)
        .extracting(Cli.Result::out)
        .asString()
        .contains("3 rows from row 1 on are signed by key " + first);
  }

  @Test
  void impossibleRevocationIsAUsageError() {
    cli.run("keys", "rotate").ok();
    assertThat(revoke("0000", "x").complaint(2)).contains("not a key of this log");
    assertThat(revoke(first, " ").complaint(2)).contains("--reason");
    assertThat(cli.run("keys", "revoke", first, "--since", "noon", "--reason", "r").complaint(2))
        .contains("--since noon: neither a row nor a time");
    assertThat(cli.run("keys", "revoke", first, "--since", "99", "--reason", "r").complaint(2))
        .contains("there is no row 99; the chain ends with row 3");
    assertThat(new Cli(directory.resolve("none")).run("keys", "rotate").complaint(2))
        .contains("no data directory here");
  }

  /** A log whose key is in a token is healthy, and the command creates no other key for it. */
  @Test
  void logOfAnExternalSignerIsReadOnly() throws Exception {
    SigningKey token = SigningKey.generate();
    Cli other = new Cli(directory.resolve("token"));
    try (Indelible indelible = Indelible.builder(other.data()).signer(token).open()) {
      indelible.gate().check("agent:a", new Bash("ls"));
    }

    assertThat(other.run("status").ok().out()).contains(token.verificationKey().keyId());
    other.run("log", "verify").ok();
    assertThat(other.run("check", Cli.bash("ls")).complaint(2))
        .contains("an external signer has the signing key");
    assertThat(other.run("keys", "rotate").complaint(2))
        .contains("an external signer has the signing key");
    assertThat(other.run("keys", "init").complaint(2))
        .contains("an external signer has the signing key");
  }

  private Cli.Result revoke(String key, String reason) {
    return cli.run("keys", "revoke", key, "--reason", reason);
  }
}
