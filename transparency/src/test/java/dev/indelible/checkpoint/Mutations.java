// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Creates malformed input, identical on every run. It flips bits of valid input, removes, repeats
 * and moves parts, replaces parts with parts of other inputs, and inserts bytes that parsers treat
 * specially.
 */
final class Mutations {
  private static final List<byte[]> SPECIAL =
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

  /** Returns the seeds, followed by {@code count} mutants of them. */
  static List<byte[]> of(List<byte[]> seeds, int count) {
    List<byte[]> inputs = new ArrayList<>(seeds);
    SplittableRandom random = new SplittableRandom(20261123);
    for (int i = 0; i < count; i++) {
      byte[] mutant = seeds.get(random.nextInt(seeds.size()));
      for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
        mutant = mutate(mutant, seeds, random);
      }
      inputs.add(mutant);
    }
    return inputs;
  }

  private static byte[] mutate(byte[] from, List<byte[]> seeds, SplittableRandom random) {
    int start = random.nextInt(from.length + 1);
    int end = start + random.nextInt(Math.min(80, from.length - start) + 1);
    byte[] part = Arrays.copyOfRange(from, start, end);
    return switch (random.nextInt(7)) {
      case 0 -> flipped(from, random);
      case 1 -> joined(from, start, new byte[0], end);
      case 2 -> joined(from, end, part, end);
      case 3 -> joined(from, start, any(SPECIAL, random), start);
      case 4 -> joined(from, start, any(SPECIAL, random), end);
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

  /**
   * Returns the bytes of {@code from} before {@code start}, then {@code middle}, then the bytes of
   * {@code from} after {@code end}.
   */
  private static byte[] joined(byte[] from, int start, byte[] middle, int end) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(from, 0, start);
    out.writeBytes(middle);
    out.write(from, end, from.length - end);
    return out.toByteArray();
  }
}
