// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.IndelibleBuilder;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Signature;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Who signs Indelible's rows, if anybody. Which signer it is its class path decides: it takes
 * Corretto's jar where it is.
 */
public enum RowSignatures {
  /** BouncyCastle, as without any other jar. */
  BOUNCY_CASTLE("BouncyCastle", Optional.of("AmazonCorrettoCryptoProvider")),
  /** The Amazon Corretto Crypto Provider. */
  CORRETTO("Corretto", Optional.empty()),
  /** Nobody: rows are left unsigned, as a user may ask for. */
  OFF("off", Optional.empty());

  private static final String CORRETTO_PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private final String title;
  private final Optional<String> withoutJar;

  RowSignatures(String title, Optional<String> withoutJar) {
    this.title = title;
    this.withoutJar = withoutJar;
  }

  /** Those that work on this machine: Corretto is native code. */
  public static List<RowSignatures> usable() {
    return Arrays.stream(values()).filter(each -> each != CORRETTO || hasCorretto()).toList();
  }

  private static boolean hasCorretto() {
    try {
      Object provider = Class.forName(CORRETTO_PROVIDER).getField("INSTANCE").get(null);
      Signature.getInstance("Ed25519", (Provider) provider);
      return true;
    } catch (ReflectiveOperationException | GeneralSecurityException | LinkageError e) {
      return false;
    }
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
  IndelibleBuilder apply(IndelibleBuilder builder) {
    return builder.rowSignatures(this != OFF);
  }
}
