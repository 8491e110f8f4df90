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
 * The signer of Indelible's rows, or none. Indelible uses Corretto if its jar is on the class path.
 */
public enum RowSignatures {
  /** BouncyCastle, the default. */
  BOUNCY_CASTLE("BouncyCastle", Optional.of("AmazonCorrettoCryptoProvider")),
  /** The Amazon Corretto Crypto Provider. */
  CORRETTO("Corretto", Optional.empty()),
  /** No signer: the rows are unsigned. */
  OFF("off", Optional.empty());

  private static final String CORRETTO_PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private final String title;
  private final Optional<String> withoutJar;

  RowSignatures(String title, Optional<String> withoutJar) {
    this.title = title;
    this.withoutJar = withoutJar;
  }

  /**
   * Returns the signers that work on this machine. Corretto is native code, and may not work here.
   */
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

  /** Returns the name for a table. */
  public String title() {
    return title;
  }

  /** Returns the beginning of the name of a jar that must not be on the class path. */
  Optional<String> withoutJar() {
    return withoutJar;
  }

  /** Configures a log to use this signer. */
  IndelibleBuilder apply(IndelibleBuilder builder) {
    return builder.rowSignatures(this != OFF);
  }
}
