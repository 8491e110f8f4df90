// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import java.util.Optional;

/** The types of the variables that an expression sees; a misspelled member does not compile. */
final class ActionTypes {
  /** An action of any kind; {@code docs/actions.md} lists the members of each kind. */
  static final StructType ACTION =
      struct(
          "indelible.Action",
          ImmutableMap.<String, CelType>builder()
              .put("kind", SimpleType.STRING)
              .put("command", SimpleType.STRING)
              .put("cwd", SimpleType.STRING)
              .put("home", SimpleType.STRING)
              .put("shell", SimpleType.STRING)
              .put("path", SimpleType.STRING)
              .put("byte_estimate", SimpleType.INT)
              .put("host", SimpleType.STRING)
              .put("scheme", SimpleType.STRING)
              .put("port", SimpleType.INT)
              .put("binary", SimpleType.STRING)
              .put("args", ListType.create(SimpleType.STRING))
              .put("tool", SimpleType.STRING)
              .put("arguments", SimpleType.DYN)
              .put("surface", SimpleType.STRING)
              .put("namespace", SimpleType.STRING)
              .put("query", SimpleType.STRING)
              .put("custom_kind", SimpleType.STRING)
              .put("payload", SimpleType.DYN)
              .buildOrThrow());

  /** A fact. */
  static final StructType FACT =
      struct(
          "indelible.Fact",
          ImmutableMap.of(
              "verb", SimpleType.STRING,
              "operand", SimpleType.STRING,
              "recursive", SimpleType.BOOL,
              "command", SimpleType.STRING));

  /** Provides both types to the compiler. */
  static final CelTypeProvider PROVIDER =
      new CelTypeProvider() {
        @Override
        public ImmutableCollection<CelType> types() {
          return ImmutableList.of(ACTION, FACT);
        }

        @Override
        public Optional<CelType> findType(String name) {
          return types().stream().filter(type -> type.name().equals(name)).findFirst();
        }
      };

  private ActionTypes() {}

  private static StructType struct(String name, ImmutableMap<String, CelType> members) {
    return StructType.create(
        name, members.keySet(), member -> Optional.ofNullable(members.get(member)));
  }
}
