// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Wrong input by the thousand, the same on every run: right input with bits flipped, parts cut,
 * repeated, moved and swapped for parts of others, and with what parsers trip over put in.
 */
public final class Mutations {
  private static final List<byte[]> STUMBLING_BLOCKS =
      List.of(
              "\n",
              "\n\n",
              " ",
              "\t",
              "\r\n",
              "\u2014 ",
              "+",
              "=",
              "==",
              "0",
              "05",
              "-1",
              "+7",
              "9223372036854775807",
              "9223372036854775808",
              "18446744073709551615",
              "\0",
              "\u0085",
              "\u00a0",
              "\ufeff",
              "AAAA",
              "x000/",
              "none",
              "all",
              "old ",
              "extra ",
              "index ")
          .stream()
          .map(text -> text.getBytes(StandardCharsets.UTF_8))
          .toList();

  private Mutations() {}

  /**
   * A parser that either refuses in its own way or gives what it was given; all else is a fault.
   */
  @FunctionalInterface
  public interface Target {
    void fuzz(byte[] input);
  }

  /** Feeds the seeds as they are, and then so many mutants of them. */
  public static void run(Target target, int mutants, List<byte[]> seeds) {
    seeds.forEach(seed -> feed(target, seed));
    SplittableRandom random = new SplittableRandom(20261123);
    for (int i = 0; i < mutants; i++) {
      byte[] mutant = seeds.get(random.nextInt(seeds.size()));
      for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
        mutant = mutate(mutant, seeds, random);
      }
      feed(target, mutant);
    }
  }

  private static void feed(Target target, byte[] input) {
    try {
      target.fuzz(input);
    } catch (RuntimeException | Error e) {
      throw new AssertionError("input " + HexFormat.of().formatHex(input), e);
    }
  }

  private static byte[] mutate(byte[] from, List<byte[]> seeds, SplittableRandom random) {
    int start = random.nextInt(from.length + 1);
    int end = start + random.nextInt(Math.min(80, from.length - start) + 1);
    byte[] part = Arrays.copyOfRange(from, start, end);
    return switch (random.nextInt(7)) {
      case 0 -> flipped(from, random);
      case 1 -> joined(from, start, new byte[0], end);
      case 2 -> joined(from, end, part, end);
      case 3 -> joined(from, start, any(STUMBLING_BLOCKS, random), start);
      case 4 -> joined(from, start, any(STUMBLING_BLOCKS, random), end);
      case 5 -> Arrays.copyOf(from, start);
      default -> {
        byte[] other = any(seeds, random);
        int at = random.nextInt(other.length + 1);
        yield joined(from, start, Arrays.copyOfRange(other, at, other.length), from.length);
      }
    };
  }

  private static byte[] any(List<byte[]> of, SplittableRandom random) {
    return of.get(random.nextInt(of.size()));
  }

  private static byte[] flipped(byte[] from, SplittableRandom random) {
    byte[] copy = from.clone();
    if (copy.length > 0) {
      copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return copy;
  }

  /** What is before {@code start}, then {@code middle}, then what is from {@code end} on. */
  private static byte[] joined(byte[] from, int start, byte[] middle, int end) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(from, 0, start);
    out.writeBytes(middle);
    out.write(from, end, from.length - end);
    return out.toByteArray();
  }
}
