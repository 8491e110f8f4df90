// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The implementation of Ed25519 that this process uses: the Amazon Corretto Crypto Provider if its
 * jar is on the class path, or is loaded later, and works on this machine; BouncyCastle otherwise.
 */
final class Ed25519InUse {
  private static volatile Ed25519 current =
      CorrettoEd25519.find().orElseGet(BouncyCastleEd25519::new);

  private Ed25519InUse() {}

  /** Returns the name of the implementation. */
  static String name() {
    return current instanceof CorrettoEd25519 ? "Corretto" : "BouncyCastle";
  }

  /** Changes to the unpacked provider in a directory, if it works on this machine. */
  static void load(Path unpacked) {
    if (current instanceof BouncyCastleEd25519) {
      Optional<Ed25519> loaded = CorrettoEd25519.load(unpacked);
      loaded.ifPresent(corretto -> current = corretto);
    }
  }

  /**
   * A function for one key, created by the implementation in use; created again when that changes.
   */
  static final class ForKey<F> {
    private final Function<Ed25519, F> create;
    private volatile @Nullable Created<F> created;

    private record Created<F>(Ed25519 by, F function) {}

    ForKey(Function<Ed25519, F> create) {
      this.create = create;
    }

    F get() {
      Ed25519 by = current;
      Created<F> last = created;
      if (last == null || last.by() != by) {
        last = new Created<>(by, create.apply(by));
        created = last;
      }
      return last.function();
    }
  }
}
