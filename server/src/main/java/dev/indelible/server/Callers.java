// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Optional;

/** Identifies the caller of a request. Safe for use by any number of threads. */
@FunctionalInterface
interface Callers {
  /** Returns the caller; empty if the request has a credential that is not accepted. */
  Optional<Caller> of(Request request);

  /** Accepts callers on this machine, without credentials. */
  static Callers local() {
    return request -> Optional.of(Caller.LOCAL);
  }
}
