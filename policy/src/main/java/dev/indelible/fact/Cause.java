// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.command.EffectiveCommand;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of an action from which a fact follows. Texts for people and for rules on commands are
 * made when they are asked for: most facts match no rule.
 *
 * @param source the effective command; null if the action is no command
 */
public record Cause(@Nullable EffectiveCommand source) {
  /** The action itself. */
  public static final Cause ACTION = new Cause(null);

  /** Maximum number of words of a command that rules compare. */
  private static final int MAX_WORDS = 16;

  /** Returns the effective command in words; empty if the action is no command. */
  public String command() {
    return source == null ? "" : source.display();
  }

  /** Returns the wrappers that run the command, outermost first, for example {@code sudo}. */
  public List<String> via() {
    return source == null ? List.of() : source.via();
  }

  /** Returns where the command runs: empty for this machine. */
  public String machine() {
    return source == null ? "" : source.machine();
  }

  /** Returns true if the program's name is known. */
  boolean isNamed() {
    return source != null
        && !source.argv().isEmpty()
        && !source.argv().get(0).text().orElse("").isEmpty();
  }

  /** Returns the program's name without its directory; empty if it is unknown. */
  public String program() {
    if (source == null || source.argv().isEmpty()) {
      return "";
    }
    String path = source.argv().get(0).text().orElse("");
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * Returns the program's name and those arguments that are known and are not options; empty if the
   * name is unknown.
   */
  public List<String> words() {
    if (source == null || !isNamed()) {
      return List.of();
    }
    List<String> words = new ArrayList<>();
    words.add(program());
    for (Value argument : source.argv().subList(1, source.argv().size())) {
      String text = argument.text().orElse("");
      if (!text.isEmpty() && !text.startsWith("-") && words.size() < MAX_WORDS) {
        words.add(text);
      }
    }
    return words;
  }
}
