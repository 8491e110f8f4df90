// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerProvider;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the engine of a ledger by its URL, among those on the class path. */
final class LedgerEngines {
  private static final Pattern SCHEME = Pattern.compile("((?:jdbc:)?[a-z][a-z0-9+.-]*):.*");

  private LedgerEngines() {}

  /**
   * Returns the engine of a ledger. Does not connect.
   *
   * @throws LedgerException if no engine knows the URL, or it is malformed; the message has at most
   *     the scheme of the URL, because the rest may have a password
   */
  static LedgerEngine at(String url) throws LedgerException {
    for (LedgerProvider provider :
        ServiceLoader.load(LedgerProvider.class, LedgerEngines.class.getClassLoader())) {
      Optional<LedgerEngine> found = provider.at(url);
      if (found.isPresent()) {
        return found.get();
      }
    }
    Matcher matcher = SCHEME.matcher(url);
    throw new LedgerException(
        matcher.matches()
            ? "no ledger can be in '%s:'; a ledger outside of the data directory is in postgresql:, and needs the jar indelible-postgres"
                .formatted(matcher.group(1))
            : "the ledger's URL has no scheme; expected postgresql://HOST[:PORT]/DATABASE[?OPTIONS]");
  }
}
