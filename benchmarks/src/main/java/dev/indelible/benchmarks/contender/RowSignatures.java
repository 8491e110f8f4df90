// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.Indelible;
import java.util.Optional;

/** Who signs Indelible's rows. Its class path decides: it takes Corretto's jar where it is. */
public enum RowSignatures {
  /** BouncyCastle, as without any other jar. */
  BOUNCY_CASTLE("BouncyCastle", Optional.of("AmazonCorrettoCryptoProvider")),
  /** The Amazon Corretto Crypto Provider. */
  CORRETTO("Corretto", Optional.empty());

  // ROW SIGNATURES OFF goes here, and nowhere else: a constant OFF("none", Optional.empty()) that
  // overrides apply() with the builder's option. Contenders, Sustained and Targets go by values().

  private final String title;
  private final Optional<String> withoutJar;

  RowSignatures(String title, Optional<String> withoutJar) {
    this.title = title;
    this.withoutJar = withoutJar;
  }

  /** What it is called in a table. */
  public String title() {
    return title;
  }

  /** The beginning of the name of a jar that must not be on the class path. */
  Optional<String> withoutJar() {
    return withoutJar;
  }

  /** Sets a log to it. */
  Indelible.Builder apply(Indelible.Builder builder) {
    return builder;
  }
}
