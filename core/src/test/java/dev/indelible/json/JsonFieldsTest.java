// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Each error names the invalid field. */
class JsonFieldsTest {
  @Test
  void fieldsAreReadByNameAndType() throws Exception {
    JsonFields fields =
        of("{\"s\":\"x\",\"n\":-7,\"list\":[\"a\",\"b\"],\"any\":{\"b\":1,\"a\":[]}}");
    assertThat(fields.where()).isEqualTo("here");
    assertThat(fields.string("s")).isEqualTo("x");
    assertThat(fields.optionalString("none")).isEmpty();
    assertThat(fields.optionalLong("n")).hasValue(-7);
    assertThat(fields.optionalLong("none")).isEmpty();
    assertThat(fields.strings("list")).containsExactly("a", "b");
    assertThat(fields.value("any").text()).isEqualTo("{\"a\":[],\"b\":1}");
    fields.requireNoOthers();
  }

  @Test
  void unknownFieldIsRejected() throws Exception {
    JsonFields fields = of("{\"s\":\"x\",\"extra\":1}");
    fields.string("s");
    fields.optionalString("t");
    assertThatThrownBy(fields::requireNoOthers)
        .hasMessage("here.extra: unknown field; the fields here are s, t");
  }

  /** A field with the value null counts as present. */
  @Test
  void nullFieldIsNotAbsent() throws Exception {
    JsonFields fields = of("{\"s\":null,\"n\":null}");
    assertThatThrownBy(() -> fields.optionalString("s"))
        .hasMessage("here.s: null where a string is expected");
    assertThatThrownBy(() -> fields.optionalLong("n"))
        .hasMessage("here.n: null where a whole number is expected");
  }

  @Test
  void nonObjectIsRejected() {
    assertThatThrownBy(() -> of("[1]")).hasMessage("here: a list where an object is expected");
    assertThatThrownBy(() -> of("true")).hasMessage("here: a boolean where an object is expected");
  }

  private static JsonFields of(String json) throws JsonFormatException {
    return JsonFields.of(CanonicalJson.read(json), "here");
  }
}
