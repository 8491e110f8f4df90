// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.KeySource;
import dev.indelible.crypto.Signer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that appends to a ledger.
 *
 * @param signing the rows that are signed, and the signer
 * @param keys the public keys accepted on existing rows, including the signer's
 * @param accepted the source of keys that are not in {@code keys}; another process may sign with a
 *     newer key
 * @param checkpoints the settings of checkpoints
 * @param tallyInterval the time between two tallies while there are new decisions; another tally is
 *     written at the end. Null for no tallies
 * @param keyIsConfirmed true if the rows of the ledger showed that the signer's key is a key of the
 *     log; false if the ledger had no rows or could not be read, so that the key is checked before
 *     the first row
 */
public record AppendSettings(
    RowSigning signing,
    KeyRing keys,
    KeySource accepted,
    Checkpoints.Settings checkpoints,
    @Nullable Duration tallyInterval,
    boolean keyIsConfirmed) {
  /**
   * Returns settings of a confirmed key, which sign every row, and write no checkpoint file and no
   * tallies.
   */
  public static AppendSettings of(Signer signer, KeyRing keys) {
    return new AppendSettings(
        RowSigning.everyRow(signer), keys, () -> keys, Checkpoints.Settings.of(signer), null, true);
  }
}
