// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grant of a name that a connection proves: the user or group of a process on the Unix socket,
 * or the subject or an alternative name of a TLS client certificate.
 *
 * @param identity {@code user:NAME}, {@code group:NAME} or {@code cert:NAME}
 */
public record Binding(String identity, Grant grant) {
  /** The name may have equals signs and commas, as in the subject of a certificate. */
  private static final Pattern FORM =
      Pattern.compile(
          "((?:user|group|cert):.*\\S)\\s*=\\s*([a-z]+(?:\\s*,\\s*[a-z]+)*)(?:\\s+as\\s+(\\S+))?");

  /**
   * Reads for example {@code user:alice = reader, operator} or {@code cert:CN=seven = agent as
   * agent:7}.
   *
   * @throws IllegalArgumentException if it has another form or an unknown role
   */
  public static Binding read(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          ("%s: give user:NAME, group:NAME or cert:NAME, then = and roles, and perhaps 'as' and an"
                  + " agent id")
              .formatted(text));
    }
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String label : form.group(2).split("\\s*,\\s*")) {
      roles.add(
          Role.named(label)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "%s: %s is not one of %s".formatted(text, label, Role.labels()))));
    }
    return new Binding(form.group(1), Grant.of(roles, Optional.ofNullable(form.group(3))));
  }

  /** Returns true if only a process on the Unix socket has this identity. */
  public boolean isOfProcess() {
    return !identity.startsWith("cert:");
  }

  /** Returns the form that {@link #read} reads. */
  @Override
  public String toString() {
    return "%s = %s%s"
        .formatted(
            identity,
            String.join(", ", grant.labels()),
            grant.agentId().map(agent -> " as " + agent).orElse(""));
  }
}
