// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SystemEventTest {
  /** Every constant is in the list, because a search rejects a type that is not in it. */
  @Test
  void everyTypeIsListed() throws Exception {
    List<String> types = new ArrayList<>();
    for (Field field : SystemEvent.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
        String value = (String) field.get(null);
        if (value.contains(".")) {
          types.add(value);
        }
      }
    }
    assertThat(SystemEvent.TYPES).isSorted().containsExactlyInAnyOrderElementsOf(types);
  }
}
