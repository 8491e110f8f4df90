// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.Vectors;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Doubles are formatted as in ECMAScript (RFC 8785 section 3.2.2.3). */
class NumberFormTest {
  private static final String README = "jcs/README.md";

  /** The sample lines {@code hex,expected} of the vectors. */
  @Test
  void sampleLinesPass() throws Exception {
    List<MatchResult> lines = find("(?m)^([0-9a-f]{1,16}),(\\S+)$");
    assertThat(lines).hasSizeGreaterThanOrEqualTo(7);
    for (MatchResult line : lines) {
      double value = Double.longBitsToDouble(Long.parseUnsignedLong(line.group(1), 16));
      assertThat(CanonicalJson.number(value)).as(line.group(1)).isEqualTo(line.group(2));
    }
  }

  /**
   * Generates the doubles of the ES6 test file as its README describes, formats them, and compares
   * hashes of the lines with the published hashes.
   */
  @Test
  void first100000LinesHaveThePublishedHashes() throws Exception {
    List<MatchResult> published = find("(?m)^\\| ([0-9a-f]{64}) \\| (\\d+)");
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    Es6Doubles doubles = new Es6Doubles();
    int written = 0;
    int compared = 0;
    for (MatchResult row : published) {
      int lines = Integer.parseInt(row.group(2));
      if (lines > 100_000) {
        continue;
      }
      for (; written < lines; written++) {
        long bits = doubles.next();
        String form = CanonicalJson.number(Double.longBitsToDouble(bits));
        digest.update((Long.toHexString(bits) + "," + form + "\n").getBytes(US_ASCII));
      }
      byte[] hash = ((MessageDigest) digest.clone()).digest();
      assertThat(HexFormat.of().formatHex(hash)).as("%d lines", lines).isEqualTo(row.group(1));
      compared++;
    }
    assertThat(compared).isEqualTo(3);
  }

  private static final class Es6Doubles {
    private final List<Long> first = new ArrayList<>();
    private byte[] block = new byte[32];
    private ByteBuffer data = ByteBuffer.allocate(0);
    private int index;

    Es6Doubles() throws Exception {
      String readme = Files.readString(Vectors.path(README));
      String constants = readme.substring(readme.indexOf("staticU64s"), readme.indexOf("])"));
      Pattern.compile("0x([0-9a-f]{16})n")
          .matcher(constants)
          .results()
          .forEach(match -> first.add(Long.parseUnsignedLong(match.group(1), 16)));
      for (int i = 0; i < 2_000; i++) {
        first.add(0x0010000000000000L + i);
      }
    }

    long next() throws Exception {
      if (index < first.size()) {
        return first.get(index++);
      }
      while (true) {
        if (!data.hasRemaining()) {
          block = MessageDigest.getInstance("SHA-256").digest(block);
          data = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        }
        long bits = data.getLong();
        double value = Double.longBitsToDouble(bits);
        if (value != 0 && Double.isFinite(value)) {
          return bits;
        }
      }
    }
  }

  /** Compares with a slow search for the fewest digits and then the nearest value. */
  @Test
  void randomDoublesAreShortestAndRoundTrip() {
    SplittableRandom random = new SplittableRandom(20261123);
    for (int i = 0; i < 8_000; i++) {
      check(Double.longBitsToDouble(random.nextLong()));
      check(random.nextDouble() * Math.pow(10, random.nextInt(-10, 25)));
      check(random.nextInt(1, 1_000_000) / Math.pow(10, random.nextInt(0, 12)));
    }
  }

  /**
   * Java writes at least two digits, which differs from ECMAScript only for the smallest doubles.
   */
  @Test
  void smallestDoublesAreShortestAndRoundTrip() {
    for (long bits = 1; bits <= 3_000; bits++) {
      check(Double.longBitsToDouble(bits));
    }
  }

  /** Doubles near powers of two and of ten, where rounding intervals change. */
  @Test
  void edgeDoublesAreShortestAndRoundTrip() {
    for (int exponent = -1074; exponent <= 1023; exponent += 7) {
      checkAround(Math.scalb(1.0, exponent));
    }
    for (int exponent = -323; exponent <= 308; exponent += 3) {
      checkAround(Double.parseDouble("1e" + exponent));
    }
    for (double value : new double[] {1e-7, 1e-6, 1e20, 1e21, 1e22, 2e-323, 1L << 53}) {
      checkAround(value);
    }
    checkAround(Double.MAX_VALUE);
  }

  private static void checkAround(double value) {
    for (double each : new double[] {Math.nextDown(value), value, Math.nextUp(value)}) {
      check(each);
      check(-each);
    }
  }

  private static void check(double value) {
    if (!Double.isFinite(value) || value == 0) {
      return;
    }
    String form = CanonicalJson.number(value);
    assertThat(Double.parseDouble(form)).as(form).isEqualTo(value);
    assertThat(form).as("%a", value).isEqualTo(slowForm(value));
  }

  private static String slowForm(double value) {
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal best = null;
    for (int digits = 1; best == null; digits++) {
      for (RoundingMode mode : List.of(RoundingMode.DOWN, RoundingMode.UP)) {
        BigDecimal candidate = exact.round(new MathContext(digits, mode));
        if (candidate.doubleValue() == Math.abs(value)
            && (best == null || isNearer(candidate, best, exact))) {
          best = candidate;
        }
      }
    }
    best = best.stripTrailingZeros();
    String sign = value < 0 ? "-" : "";
    if (best.compareTo(new BigDecimal("1e21")) < 0 && best.compareTo(new BigDecimal("1e-6")) >= 0) {
      return sign + best.toPlainString();
    }
    int exponent = best.precision() - best.scale() - 1;
    BigDecimal mantissa = best.movePointLeft(exponent);
    String plain = mantissa.stripTrailingZeros().toPlainString();
    return sign + plain + "e" + (exponent < 0 ? "-" : "+") + Math.abs(exponent);
  }

  /**
   * Returns true if a candidate is nearer than the best so far. Of two equally near candidates the
   * even one wins (ECMA-262, Number::toString, note 2).
   */
  private static boolean isNearer(BigDecimal candidate, BigDecimal best, BigDecimal exact) {
    int order = candidate.subtract(exact).abs().compareTo(best.subtract(exact).abs());
    return order < 0 || (order == 0 && !candidate.unscaledValue().testBit(0));
  }

  private static List<MatchResult> find(String regex) throws Exception {
    return Pattern.compile(regex)
        .matcher(Files.readString(Vectors.path(README)))
        .results()
        .toList();
  }
}
