// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The relevant calls of other languages, from the resource {@code code.yaml}. */
final class CodeTable {
  private static final String FILE = "code.yaml";

  /** Null until code is scanned for the first time. */
  private static volatile @Nullable CodeTable standard;

  /**
   * The arguments of a call.
   *
   * @param values by position, lists flattened
   * @param options by name
   */
  record Arguments(List<Value> values, Map<String, Value> options) {}

  /**
   * A call.
   *
   * @param operands the uses of its arguments by position
   * @param result the table's word for its result; empty if the result is unknown
   * @param evaluates true if it runs its first argument as code of its own language
   */
  record Call(Operands operands, String result, boolean evaluates) {
    List<Use> uses(String name, Arguments arguments) {
      Scan scan = new Scan(name, arguments);
      operands.use(arguments.values(), scan);
      return scan.uses().list();
    }
  }

  /** The calls of a language. */
  record Language(Map<String, Call> calls) {
    /** Returns true if a name without parentheses is a call. */
    boolean has(String name) {
      return call(name) != null;
    }

    /**
     * Returns the call of a dotted name. Looks up the whole name, then its last two parts, then its
     * last part after a star, for example {@code *.write}.
     */
    @Nullable Call call(String name) {
      Call call = calls.get(name);
      int last = name.lastIndexOf('.');
      if (call == null && last > 0) {
        int before = name.lastIndexOf('.', last - 1);
        call = before > 0 ? calls.get(name.substring(before + 1)) : null;
      }
      return call != null ? call : calls.get("*." + name.substring(last + 1));
    }
  }

  private final Map<String, Language> languages;

  CodeTable(Map<String, Map<String, Call>> languages) {
    Map<String, Language> all = new HashMap<>();
    languages.forEach((name, calls) -> all.put(name, new Language(Map.copyOf(calls))));
    this.languages = Map.copyOf(all);
  }

  /** Returns the table that is part of the library. */
  static CodeTable standard() {
    CodeTable table = standard;
    if (table == null) {
      table = TableReader.code(FILE, Programs.resource(FILE));
      standard = table;
    }
    return table;
  }

  /** Returns the calls of a language. */
  Language language(String name) {
    return languages.getOrDefault(name, new Language(Map.of()));
  }
}
