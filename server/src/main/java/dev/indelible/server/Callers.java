// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Binding;
import dev.indelible.access.KeyText;
import dev.indelible.access.KeyWatch;
import java.util.List;
import java.util.Optional;

/** Identifies the caller of a request. Safe for use by any number of threads. */
@FunctionalInterface
interface Callers {
  /** The authentication scheme of API keys (RFC 6750), with the space that ends it. */
  String BEARER = "Bearer ";

  /** Returns the caller; empty if the request has a credential that is not accepted. */
  Optional<Caller> of(Request request);

  /**
   * Identifies a caller by an API key, or else by a session, or else by a name that the connection
   * proves, or else as {@link Caller#LOCAL} or {@link Caller#NOBODY}.
   *
   * @param bindings the names that have a grant; the first that a connection proves counts
   */
  static Callers of(KeyWatch keys, Sessions sessions, List<Binding> bindings) {
    return request ->
        request
            .header("Authorization")
            .map(credential -> byKey(keys, credential))
            .orElseGet(
                () ->
                    sessions
                        .caller(request)
                        .or(() -> Optional.of(byConnection(request.peer(), bindings))));
  }

  private static Optional<Caller> byKey(KeyWatch keys, String credential) {
    return keyText(credential)
        .flatMap(keys::accept)
        .map(key -> Caller.named(key.principal(), key.grant()));
  }

  /** Returns the API key in a value of the header {@code Authorization}; empty without one. */
  static Optional<KeyText> keyText(String credential) {
    return credential.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? KeyText.read(credential.substring(BEARER.length()))
        : Optional.empty();
  }

  private static Caller byConnection(Peer peer, List<Binding> bindings) {
    for (Binding binding : bindings) {
      if (peer.identities().contains(binding.identity())) {
        // The first identity of a process is its user, even if the grant is its group's.
        String principal = binding.isOfProcess() ? peer.identities().get(0) : binding.identity();
        return Caller.named(principal, binding.grant());
      }
    }
    return peer.isLocal() ? Caller.LOCAL : Caller.NOBODY;
  }
}
