// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Map;

/**
 * What a program does with its operands, by their position.
 *
 * @param numbered uses of single operands, keyed by position from 1
 * @param from uses of all operands from a position on, as one list of arguments
 * @param joined uses of all operands from a position on, joined by spaces
 * @param last uses of the last operand
 * @param rest uses of operands that are neither numbered nor last
 * @param none uses of the command if it has no operand
 */
record Operands(
    Map<Integer, List<Template>> numbered,
    Map<Integer, List<Template>> from,
    Map<Integer, List<Template>> joined,
    List<Template> last,
    List<Template> rest,
    List<Template> none) {
  static final Operands UNUSED =
      new Operands(Map.of(), Map.of(), Map.of(), List.of(), List.of(), List.of());

  /** Adds the uses of the operands. */
  void use(List<Value> operands, Scan scan) {
    int count = operands.size();
    if (count == 0) {
      scan.use(none, List.of());
      return;
    }
    for (int i = 0; i < count; i++) {
      List<Template> templates =
          i == count - 1 && !last.isEmpty()
              ? last
              : numbered.isEmpty() ? rest : numbered.getOrDefault(i + 1, rest);
      if (!templates.isEmpty()) {
        scan.use(templates, List.of(operands.get(i)));
      }
    }
    if (!from.isEmpty()) {
      for (Map.Entry<Integer, List<Template>> entry : from.entrySet()) {
        if (entry.getKey() <= count) {
          scan.use(entry.getValue(), operands.subList(entry.getKey() - 1, count));
        }
      }
    }
    if (!joined.isEmpty()) {
      for (Map.Entry<Integer, List<Template>> entry : joined.entrySet()) {
        if (entry.getKey() <= count) {
          scan.use(entry.getValue(), List.of(Values.joined(operands, entry.getKey() - 1)));
        }
      }
    }
  }
}
