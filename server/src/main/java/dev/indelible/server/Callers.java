// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.KeyText;
import dev.indelible.access.KeyWatch;
import java.util.Optional;

/** Identifies the caller of a request. Safe for use by any number of threads. */
@FunctionalInterface
interface Callers {
  /** The authentication scheme of API keys (RFC 6750), with the space that ends it. */
  String BEARER = "Bearer ";

  /** Returns the caller; empty if the request has a credential that is not accepted. */
  Optional<Caller> of(Request request);

  /** Accepts callers on this machine, with an API key or without a credential. */
  static Callers withKeys(KeyWatch keys) {
    return request -> {
      Optional<String> credential = request.header("Authorization");
      return credential.isEmpty()
          ? Optional.of(Caller.LOCAL)
          : credential
              .filter(text -> text.regionMatches(true, 0, BEARER, 0, BEARER.length()))
              .flatMap(text -> KeyText.read(text.substring(BEARER.length())))
              .flatMap(keys::accept)
              .map(key -> Caller.named(key.principal(), key.grant()));
    };
  }
}
