// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.time.Instant;
import java.util.Optional;

/** Shows the policy in force, and loads the rules again. */
final class Policies {
  private final Indelible log;

  Policies(Indelible log) {
    this.log = log;
  }

  /**
   * Returns the digest and the text of the policy in force, and lint's remarks on its rules. Text,
   * remarks and the number of rules are null for a policy that does not consist of rules.
   */
  Response show(Request request) {
    Policy policy = log.policy();
    Optional<RulePolicy> rules =
        policy instanceof RulePolicy found ? Optional.of(found) : Optional.empty();
    return Response.json(
        200,
        out -> {
          out.member("digest", policy.digest()).name("files");
          out.nullable(
              policy.text().map(PolicyText::files),
              files ->
                  out.objects(
                      files, file -> out.member("name", file.name()).member("text", file.text())));
          out.name("remarks")
              .nullable(rules.map(each -> each.remarks(Instant.now())), out::strings);
          out.name("rules").nullable(rules.map(each -> (long) each.rules().size()), out::number);
        });
  }

  /**
   * Loads the rules again; if they do not load, or the operator did not sign them, answers 409 and
   * keeps the rules in force.
   */
  Response reload(Request request) throws JsonFormatException {
    request.fields().requireNoOthers();
    String before = log.policy().digest();
    try {
      log.reloadPolicy();
    } catch (PolicyException | IllegalStateException e) {
      return Response.problem(
          409, "Conflict", "the policy in force stays: %s".formatted(e.getMessage()));
    }
    String after = log.policy().digest();
    return Response.json(
        200,
        out -> {
          out.member("changed", !after.equals(before)).member("digest", after).name("number");
          out.nullable(log.gate().signature().map(Signature::number), out::number);
        });
  }
}
