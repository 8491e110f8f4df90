// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.publish.Disclosure;
import dev.indelible.publish.DisclosureVerifier;
import dev.indelible.publish.ProvenDisclosure;
import dev.indelible.publish.ProvenRow;
import dev.indelible.publish.TrustedKeys;
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
    ProvenDisclosure proven =
        new DisclosureVerifier(new TrustedKeys(Set.of(), Set.copyOf(data.keys().accepted().keys())))
            .verify(row.tlogProof(disclosure), disclosure);
    assertThat(proven.row().id()).isEqualTo(id);
    assertThat(proven.rowSignature()).isEqualTo(ProvenDisclosure.RowSignature.OK);

    assertThat(log.export(temp.resolve("public"), rows -> {}).checkpoint().size()).isPositive();

    assertThat(log.erase(id, "asked to", "alice").isGone()).isTrue();
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }
}
