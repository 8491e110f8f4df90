// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.testkit.Vectors;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Each implementation follows RFC 8032 and is as strict as this project requires. */
class Ed25519Test {
  private static final HexFormat HEX = HexFormat.of();

  /** Returns both implementations. A test skips the optional one if it does not load. */
  static Stream<Implementation> implementations() {
    return Stream.of(Implementation.values());
  }

  enum Implementation {
    BOUNCY_CASTLE,
    CORRETTO;

    Ed25519 load() {
      if (this == BOUNCY_CASTLE) {
        return new BouncyCastleEd25519();
      }
      Optional<Ed25519> corretto = CorrettoEd25519.find();
      assumeTrue(
          corretto.isPresent(), "skipped: no Corretto Crypto Provider that works on this machine");
      return corretto.get();
    }
  }

  /**
   * The vectors of RFC 8032 section 7.1 (TEST 1, 2, 3 and SHA(abc)): seed, public key, message and
   * signature.
   */
  static Stream<List<String>> rfc8032() {
    return Stream.of(
        List.of(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
                + "1cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        List.of(
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
                + "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        List.of(
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
                + "984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        List.of(
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
                + "a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c6"
                + "6431e0303dca179c138ac17ad9bef1177331a704"));
  }

  @Test
  void functionForKeyIsCreatedOnce() {
    List<Ed25519> used = new ArrayList<>();
    Ed25519InUse.ForKey<Ed25519> key =
        new Ed25519InUse.ForKey<>(
            by -> {
              used.add(by);
              return by;
            });

    assertThat(key.get()).isSameAs(key.get());
    assertThat(used).hasSize(1);
  }

  /** The directory contains the unpacked jar of the provider, as in a released package. */
  @Test
  void unpackedProviderIsLoadedWithoutTemporaryFiles(@TempDir Path unpacked) throws Exception {
    unpackProvider(unpacked);

    Optional<Ed25519> loaded = CorrettoEd25519.load(unpacked);

    assumeTrue(loaded.isPresent(), "skipped: the provider does not work on this machine");
    assertThat(loaded.get()).isNotInstanceOf(BouncyCastleEd25519.class);
    byte[] seed = new byte[32];
    byte[] message = {1, 2, 3};
    SigningKey key = SigningKey.fromSeed(seed);
    byte[] signature = loaded.get().signing(seed, key.verificationKey().raw()).sign(message);
    assertThat(key.verificationKey().verifies(message, signature)).isTrue();
    assertThat(
            loaded.get().verifying(key.verificationKey().raw()).verify(message, key.sign(message)))
        .isTrue();
  }

  /** Writes the files of the provider's jar, which is on the class path of this test. */
  private static void unpackProvider(Path directory) throws Exception {
    Class<?> provider =
        Class.forName(
            "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider",
            false,
            Ed25519Test.class.getClassLoader());
    Path jar = Path.of(provider.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (FileSystem files = FileSystems.newFileSystem(jar);
        Stream<Path> entries = Files.walk(files.getPath("/"))) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        Path target = directory.resolve(entry.toString().substring(1));
        if (Files.isDirectory(entry)) {
          Files.createDirectories(target);
        } else {
          Files.copy(entry, target);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void rfc8032VectorsAreSignedAndVerified(Implementation implementation) {
    Ed25519 ed25519 = implementation.load();
    rfc8032()
        .forEach(
            vector -> {
              byte[] publicKey = HEX.parseHex(vector.get(1));
              byte[] message = HEX.parseHex(vector.get(2));
              byte[] signature = HEX.parseHex(vector.get(3));
              byte[] seed = HEX.parseHex(vector.get(0));
              assertThat(ed25519.signing(seed, publicKey).sign(message)).isEqualTo(signature);
              assertThat(ed25519.verifying(publicKey).verify(message, signature)).isTrue();
            });
  }

  @ParameterizedTest
  @MethodSource("rfc8032")
  void signingKeySignsRfc8032Vectors(List<String> vector) {
    SigningKey key = SigningKey.fromSeed(HEX.parseHex(vector.get(0)));
    byte[] message = HEX.parseHex(vector.get(2));
    byte[] signature = HEX.parseHex(vector.get(3));
    assertThat(key.verificationKey().raw()).isEqualTo(HEX.parseHex(vector.get(1)));
    assertThat(key.sign(message)).isEqualTo(signature);
    assertThat(key.verificationKey().verifies(message, signature)).isTrue();
  }

  /** A test case of Wycheproof. */
  private record Case(int id, byte[] key, byte[] message, byte[] signature, boolean valid) {}

  private static List<Case> wycheproof() throws Exception {
    String file = "ed25519/wycheproof_ed25519_test.json";
    JsonNode suite = new JsonMapper().readTree(Files.readString(Vectors.path(file)));
    List<Case> cases = new ArrayList<>();
    for (JsonNode group : suite.get("testGroups").values()) {
      byte[] key = HEX.parseHex(group.get("publicKey").get("pk").stringValue());
      for (JsonNode test : group.get("tests").values()) {
        cases.add(
            new Case(
                test.get("tcId").intValue(),
                key,
                HEX.parseHex(test.get("msg").stringValue()),
                HEX.parseHex(test.get("sig").stringValue()),
                test.get("result").stringValue().equals("valid")));
      }
    }
    assertThat(cases).hasSize(suite.get("numberOfTests").intValue());
    return cases;
  }

  @Test
  void wycheproofVectorsHaveTheirVerdicts() throws Exception {
    for (Case each : wycheproof()) {
      assertThat(VerificationKey.of(each.key()).verifies(each.message(), each.signature()))
          .as("tcId %d", each.id())
          .isEqualTo(each.valid());
    }
  }

  /**
   * Runs only cases with signatures of 64 bytes, because {@link VerificationKey} passes no others
   * to an implementation.
   */
  @ParameterizedTest
  @MethodSource("implementations")
  void everyImplementationPassesWycheproof(Implementation implementation) throws Exception {
    Ed25519 ed25519 = implementation.load();
    int checked = 0;
    for (Case each : wycheproof()) {
      if (each.signature().length == VerificationKey.SIGNATURE_BYTES) {
        assertThat(ed25519.verifying(each.key()).verify(each.message(), each.signature()))
            .as("tcId %d", each.id())
            .isEqualTo(each.valid());
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(100);
  }

  /** A signature is exactly 64 bytes; some implementations accept one more byte. */
  @Test
  void signatureIsExactly64Bytes() {
    SigningKey key = SigningKey.generate();
    byte[] message = {1, 2, 3};
    byte[] signature = key.sign(message);
    assertThat(signature).hasSize(64);
    assertThat(key.verificationKey().verifies(message, signature)).isTrue();
    for (int length : new int[] {0, 1, 32, 63, 65, 128}) {
      assertThat(key.verificationKey().verifies(message, Arrays.copyOf(signature, length)))
          .as("%d bytes", length)
          .isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void everyFlippedBitIsRefused(Implementation implementation) {
    Ed25519 ed25519 = implementation.load();
    SigningKey key = SigningKey.fromSeed(new byte[32]);
    byte[] raw = key.verificationKey().raw();
    byte[] message = "indelible".getBytes(StandardCharsets.US_ASCII);
    byte[] signature = ed25519.signing(new byte[32], raw).sign(message);
    for (int bit = 0; bit < signature.length * 8; bit++) {
      assertThat(ed25519.verifying(raw).verify(message, flip(signature, bit)))
          .as("bit %d", bit)
          .isFalse();
    }
    for (int bit = 0; bit < message.length * 8; bit++) {
      assertThat(ed25519.verifying(raw).verify(flip(message, bit), signature))
          .as("bit %d", bit)
          .isFalse();
    }
    for (int bit = 0; bit < raw.length * 8; bit++) {
      assertThat(ed25519.verifying(flip(raw, bit)).verify(message, signature))
          .as("bit %d", bit)
          .isFalse();
    }
  }

  /**
   * The verdict on a row must not depend on the jars on the class path. Keys of small order and
   * keys with unusual encodings are refused, because some verifiers accept forged signatures under
   * them.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000"
      })
  void invalidPointsAreRefused(String point) {
    byte[] raw = HEX.parseHex(point);
    assertThatIllegalArgumentException().isThrownBy(() -> VerificationKey.of(raw));
  }

  /** The JDK shares no code with this implementation, and verifies its signatures. */
  @ParameterizedTest
  @MethodSource("implementations")
  void jdkVerifiesOurSignatures(Implementation implementation) throws Exception {
    Ed25519 ed25519 = implementation.load();
    SplittableRandom random = new SplittableRandom(10);
    for (int i = 0; i < 20; i++) {
      byte[] seed = new byte[32];
      random.nextBytes(seed);
      byte[] message = new byte[random.nextInt(1_000)];
      random.nextBytes(message);
      byte[] raw = SigningKey.fromSeed(seed).verificationKey().raw();
      byte[] spki = new byte[44];
      System.arraycopy(HEX.parseHex("302a300506032b6570032100"), 0, spki, 0, 12);
      System.arraycopy(raw, 0, spki, 12, 32);
      Signature jdk = Signature.getInstance("Ed25519", "SunEC");
      jdk.initVerify(
          KeyFactory.getInstance("Ed25519", "SunEC").generatePublic(new X509EncodedKeySpec(spki)));
      jdk.update(message);
      assertThat(jdk.verify(ed25519.signing(seed, raw).sign(message))).isTrue();
    }
  }

  /** {@link Signer} must be safe for use by several threads at once. */
  @ParameterizedTest
  @MethodSource("implementations")
  void oneKeySignsOnManyThreads(Implementation implementation) throws Exception {
    Ed25519 ed25519 = implementation.load();
    byte[] seed = new byte[32];
    byte[] raw = SigningKey.fromSeed(seed).verificationKey().raw();
    Ed25519.Signing signing = ed25519.signing(seed, raw);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Integer>> running = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        byte first = (byte) t;
        Callable<Integer> work =
            () -> {
              int good = 0;
              for (int i = 0; i < 250; i++) {
                byte[] message = {first, (byte) i};
                good += ed25519.verifying(raw).verify(message, signing.sign(message)) ? 1 : 0;
              }
              return good;
            };
        running.add(threads.submit(work));
      }
      for (Future<Integer> each : running) {
        assertThat(each.get(20, TimeUnit.SECONDS)).isEqualTo(250);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static byte[] flip(byte[] bytes, int bit) {
    byte[] flipped = bytes.clone();
    flipped[bit / 8] ^= (byte) (1 << bit % 8);
    return flipped;
  }
}
