// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.KeySource;
import dev.indelible.crypto.Signer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings with which a run appends to a ledger.
 *
 * @param signing which rows are signed, and by whom
 * @param keys the public keys accepted on rows that exist already, the signer's among them
 * @param accepted where a key is looked for that is not among {@code keys}: another process may
 *     sign with a newer one
 * @param checkpoints how checkpoints are signed
 * @param tallyInterval how often a tally is chained while there is something new; one more at the
 *     end. Null for none
 */
public record AppendSettings(
    RowSigning signing,
    KeyRing keys,
    KeySource accepted,
    Checkpoints.Settings checkpoints,
    @Nullable Duration tallyInterval) {

  /** Returns settings that sign every row, keep no checkpoint aside and chain no tallies. */
  public static AppendSettings of(Signer signer, KeyRing keys) {
    return new AppendSettings(
        RowSigning.everyRow(signer), keys, () -> keys, Checkpoints.Settings.of(signer), null);
  }

  /** Returns these settings with tallies in an interval; null for none. */
  public AppendSettings withTallies(@Nullable Duration interval) {
    return new AppendSettings(signing, keys, accepted, checkpoints, interval);
  }
}
