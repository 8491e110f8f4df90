// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/** The place of a ledger that is not in the data directory of its log. */
public interface LedgerLocation {
  /** Returns the URL, which has no secret. */
  String url();
}
