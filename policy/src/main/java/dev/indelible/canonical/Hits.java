// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.Arrays;
import java.util.BitSet;

/** Numbers found, each with its strongest relation, in the order in which they were found. */
final class Hits implements Found {
  private final BitSet seen = new BitSet();
  private int[] numbers = new int[8];
  private Relation[] relations = new Relation[8];
  private int size;

  @Override
  public void found(int number, Relation relation) {
    if (seen.get(number)) {
      for (int i = 0; i < size; i++) {
        if (numbers[i] == number && relations[i].compareTo(relation) < 0) {
          relations[i] = relation;
        }
      }
      return;
    }
    seen.set(number);
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * size);
      relations = Arrays.copyOf(relations, 2 * size);
    }
    numbers[size] = number;
    relations[size] = relation;
    size++;
  }

  void forEach(Found found) {
    for (int i = 0; i < size; i++) {
      found.found(numbers[i], relations[i]);
    }
  }
}
