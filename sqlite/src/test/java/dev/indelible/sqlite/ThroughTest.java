// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DrainReport;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.Verifier;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThroughTest {
  @TempDir Path directory;

  @Test
  void aRefusalGoesAllTheWay() throws Exception {
    SigningKey key = new KeyDirectory(directory.resolve("keys")).openOrCreate();
    KeyRing keys = KeyRing.of(List.of(key.verificationKey()));
    Path file = directory.resolve("indelible.db");
    DeferredAudit audit = SqliteDeferredAudit.install(file, key, keys);
    for (int i = 0; i < 10_000; i++) {
      assertThat(
              audit
                  .queue()
                  .submitRefusal("agent:alice", new Bash("rm -rf /" + i), new Refuse("R001", "no")))
          .isTrue();
    }
    DrainReport report = audit.closeAndFlush();
    try (SqliteLedger ledger = SqliteLedger.open(file)) {
      VerificationReport verified = new Verifier(ledger, keys, rows -> {}).verify();
      assertThat(verified.verdict()).isEqualTo(VerificationReport.Verdict.INTACT);
    }
  }
}
