// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.proof.Disclosure;
import dev.indelible.proof.DisclosureVerifier;
import dev.indelible.proof.ProvenDisclosure;
import dev.indelible.proof.ProvenRow;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
  @TempDir Path temp;

  @Test
  void logReadsVerifiesProvesExportsAndErases() throws Exception {
    DataDirectory data = new DataDirectory(temp.resolve("data"));
    AuditLog log;
    String id;
    try (Indelible indelible = Indelible.open(data.path())) {
      log = indelible.log();
      id =
          indelible
              .gate()
              .record("agent:alice", new Bash("rm -rf /"))
              .eventId()
              .orElseThrow()
              .toString();
    }

    try (LedgerReader ledger = log.reader()) {
      assertThat(ledger.row(id)).isPresent();
    }
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);

    ProvenRow row = log.prove(id);
    Disclosure disclosure = row.recordAndPayload();
    TrustedKeys keys = new TrustedKeys(Set.of(), Set.copyOf(data.keys().accepted().keys()));
    ProvenDisclosure proven =
        new DisclosureVerifier(keys).verify(row.tlogProof(disclosure), disclosure);
    assertThat(proven.row().id()).isEqualTo(id);
    assertThat(proven.rowSignature()).isEqualTo(ProvenDisclosure.RowSignature.OK);

    Path exported = temp.resolve("public");
    assertThat(log.export(exported, rows -> {}).checkpoint().size()).isPositive();
    assertThat(AuditLog.verifyExport(exported, keys).verdict()).isEqualTo(Verdict.INTACT);
    TrustedKeys others = new TrustedKeys(Set.of(), Set.of(SigningKey.generate().verificationKey()));
    assertThat(AuditLog.verifyExport(exported, others).verdict()).isEqualTo(Verdict.UNKNOWN);

    assertThat(log.erase(id, "asked to", "alice").isGone()).isTrue();
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }
}
