// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ed25519 from the Amazon Corretto Crypto Provider: native code, several times faster than
 * BouncyCastle.
 *
 * <p>The provider is found by name, so its jar is optional. If it is present but does not work,
 * this is logged once and the provider is not used.
 */
final class CorrettoEd25519 implements Ed25519 {
  private static final String PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  /** Makes the provider load its library through its class loader. */
  private static final String EXTERNAL_LIBRARY =
      "com.amazon.corretto.crypto.provider.useExternalLib";

  private static final Logger LOG = LoggerFactory.getLogger(CorrettoEd25519.class);

  private final Provider provider;

  /** The key factory of the JDK; the provider has none. */
  private final KeyFactory keys;

  private final ThreadLocal<Signature> signatures = ThreadLocal.withInitial(this::newSignature);

  private CorrettoEd25519(Provider provider) throws GeneralSecurityException {
    this.provider = provider;
    this.keys = KeyFactory.getInstance("Ed25519");
  }

  /** Returns the provider on the class path; empty if there is none, or it does not work. */
  static Optional<Ed25519> find() {
    return from(CorrettoEd25519.class.getClassLoader());
  }

  /** Returns the unpacked provider in a directory; empty if it does not work. */
  static Optional<Ed25519> load(Path unpacked) {
    // Prevents the provider from unpacking its library into the temporary directory.
    System.setProperty(EXTERNAL_LIBRARY, "true");
    try {
      return from(new UnpackedProvider(unpacked));
    } finally {
      System.clearProperty(EXTERNAL_LIBRARY);
    }
  }

  private static Optional<Ed25519> from(ClassLoader loader) {
    try {
      Class<?> type = Class.forName(PROVIDER, true, loader);
      CorrettoEd25519 found = new CorrettoEd25519((Provider) type.getField("INSTANCE").get(null));
      found.newSignature();
      return Optional.of(found);
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    } catch (ReflectiveOperationException
        | GeneralSecurityException
        | LinkageError
        | RuntimeException e) {
      LOG.warn(
          "Corretto Crypto Provider is present but not usable; using BouncyCastle: {}",
          e.toString());
      return Optional.empty();
    }
  }

  /** Loads the provider's classes and its library from a directory. */
  private static final class UnpackedProvider extends URLClassLoader {
    private final Path directory;

    UnpackedProvider(Path directory) {
      super(new URL[] {url(directory)}, getPlatformClassLoader());
      this.directory = directory;
    }

    private static URL url(Path directory) {
      try {
        return directory.toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException(directory + ": not a directory", e);
      }
    }

    @Override
    protected @Nullable String findLibrary(String name) {
      String packaged = PROVIDER.substring(0, PROVIDER.lastIndexOf('.')).replace('.', '/');
      Path library = directory.resolve(packaged).resolve(System.mapLibraryName(name));
      return Files.exists(library) ? library.toAbsolutePath().toString() : null;
    }
  }

  @Override
  public Signing signing(byte[] seed, byte[] publicKey) {
    try {
      PrivateKey key =
          keys.generatePrivate(new PKCS8EncodedKeySpec(Ed25519Der.PRIVATE.encode(seed)));
      return message -> sign(key, message);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("not an Ed25519 seed", e);
    }
  }

  private byte[] sign(PrivateKey key, byte[] message) {
    try {
      Signature signature = signatures.get();
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("signing failed", e);
    }
  }

  @Override
  public Verifying verifying(byte[] publicKey) {
    try {
      PublicKey key =
          keys.generatePublic(new X509EncodedKeySpec(Ed25519Der.PUBLIC.encode(publicKey)));
      return (message, signature) -> verify(key, message, signature);
    } catch (InvalidKeySpecException e) {
      return (message, signature) -> false;
    }
  }

  private boolean verify(PublicKey key, byte[] message, byte[] signatureBytes) {
    try {
      Signature signature = signatures.get();
      signature.initVerify(key);
      signature.update(message);
      return signature.verify(signatureBytes);
    } catch (SignatureException | InvalidKeyException e) {
      return false;
    }
  }

  private Signature newSignature() {
    try {
      return Signature.getInstance("Ed25519", provider);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the provider has no Ed25519", e);
    }
  }
}
