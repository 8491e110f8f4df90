// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/** Actions of every kind, with texts that are hard to encode. */
public final class ActionsOfAllKinds {
  private ActionsOfAllKinds() {}

  /** Strings that reveal wrong escaping, wrong UTF-8 or HTML escaping. */
  public static final List<String> NASTY =
      List.of(
          "",
          " ",
          "\"\\/\b\t\n\u000b\f\r\u0000\u001f\u007f\u0080\u009f",
          "</script>&lt;\u2028\u2029",
          "\u00e9 e\u0301 \u0130 \u00df \ufb33 \ufeff \ufffd \uffff",
          "\ud83d\ude00\ud800\udc00\udbff\udfff",
          "{\"a\":1},[]",
          "\u202e right to left",
          "rm -rf / # '\"$(x)`y`",
          "x".repeat(70_000));

  /**
   * Returns actions of every kind: with each optional field present and absent, and with each
   * string of {@link #NASTY} in every text field.
   */
  public static List<AgentAction> all() {
    List<AgentAction> actions = new ArrayList<>();
    for (String text : NASTY) {
      Optional<String> some = Optional.of(text);
      actions.add(new Bash(text));
      actions.add(new Bash(text, some));
      actions.add(new FilesystemWrite(text));
      actions.add(new FilesystemWrite(text, OptionalLong.of((1L << 53) - 1)));
      actions.add(new FilesystemWrite(text, OptionalLong.of(0)));
      actions.add(new NetworkRequest(text, text));
      actions.add(new NetworkRequest(text, text, OptionalInt.of(65_535), some));
      actions.add(new NetworkRequest(text, text, OptionalInt.of(1), Optional.empty()));
      actions.add(new NetworkRequest(text, text, OptionalInt.empty(), some));
      actions.add(new ProcessSpawn(text, List.of()));
      actions.add(new ProcessSpawn(text, List.of(text)));
      actions.add(new ProcessSpawn(text, List.of("-x", text, "", text)));
      actions.add(new ToolCall(text, json("{\"z\":[1.5,{}],\"a\":null}")));
      actions.add(new ToolCall(text, json("7")));
      actions.add(new Read(text));
      actions.add(new Read(text, some, Optional.empty()));
      actions.add(new Read(text, Optional.empty(), some));
      actions.add(new Read(text, some, some));
      actions.add(new Custom(text, json("[\"\\u0000\",\"\\ud83d\\ude00\",1e300]")));
    }
    return actions;
  }

  /**
   * Returns a short random string without lone surrogates. It often has control characters or
   * non-ASCII characters.
   */
  public static String randomText(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(12);
    for (int i = 0; i < length; i++) {
      int code =
          switch (random.nextInt(5)) {
            case 0 -> random.nextInt(0x20);
            case 1 -> "\"\\/'<>&\u007f".charAt(random.nextInt(8));
            case 2 -> random.nextInt(0x20, 0x7f);
            case 3 -> random.nextInt(0x80, 0xd800);
            default -> random.nextInt(0xe000, Character.MAX_CODE_POINT + 1);
          };
      text.appendCodePoint(code);
    }
    return text.toString();
  }

  private static JsonValue json(String text) {
    try {
      return JsonValue.parse(text);
    } catch (JsonFormatException e) {
      throw new AssertionError(e);
    }
  }
}
