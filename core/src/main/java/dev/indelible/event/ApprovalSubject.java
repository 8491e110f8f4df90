// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.crypto.Sha256;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The subject of an approval: one exact action of one agent under one policy.
 *
 * @param agentId the agent that asked
 * @param principal the credential with which it asked; empty if it asked without one
 * @param policy the digest of the policy that escalated the action
 * @param actionDigest {@code sha256:} and 64 hex digits over the canonical JSON of the members
 *     {@code action}, {@code redactions} (those below {@code /action}) and {@code tool_hash} of the
 *     recorded payload; a member that the payload lacks is left out. Two actions with different
 *     secrets differ, because the digests of their redactions differ, and an action with a marker
 *     that the agent wrote differs from one with a secret, because the marker is not listed
 */
public record ApprovalSubject(
    String agentId, Optional<String> principal, String policy, String actionDigest) {
  /** The start of the path of a redaction in the action, as a JSON pointer. */
  private static final String IN_ACTION = "/action";

  public ApprovalSubject {
    Objects.requireNonNull(agentId, "agentId is null");
    Objects.requireNonNull(principal, "principal is null");
    Objects.requireNonNull(policy, "policy is null");
    Objects.requireNonNull(actionDigest, "actionDigest is null");
  }

  /**
   * Reads the subject from the payload of a decision, with or without its nonce.
   *
   * @return empty if the payload is no decision, names no policy, or records its action as a stub:
   *     then nothing identifies the action
   */
  public static Optional<ApprovalSubject> of(byte[] payload) {
    try {
      JsonFields decision = JsonFields.of(CanonicalJson.read(payload), "payload");
      Optional<String> policy = decision.optionalString("policy");
      if (policy.isEmpty() || !decision.has("decision") || isStub(decision.node("action"))) {
        return Optional.empty();
      }
      return Optional.of(
          new ApprovalSubject(
              decision.string("agent_id"),
              decision.optionalString("principal"),
              policy.get(),
              actionDigest(decision)));
    } catch (JsonFormatException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns true for a recorded action that is not the action itself but a replacement of it. */
  private static boolean isStub(JsonNode action) {
    return action.has("oversize")
        || action.path("custom_kind").asString("").equals(Redaction.FAILED);
  }

  private static String actionDigest(JsonFields decision) throws JsonFormatException {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.name("action").canonical(decision.value("action").text());
    List<JsonNode> redactions = new ArrayList<>();
    if (decision.has("redactions")) {
      for (JsonNode each : decision.node("redactions")) {
        if (JsonFields.of(each, "redaction").string("path").startsWith(IN_ACTION)) {
          redactions.add(each);
        }
      }
    }
    if (!redactions.isEmpty()) {
      out.name("redactions").beginArray();
      redactions.forEach(each -> out.element().canonical(JsonValue.of(each).text()));
      out.endArray();
    }
    out.member("tool_hash", decision.optionalString("tool_hash"));
    return Sha256.digest(out.endObject().toBytes());
  }

  /**
   * Returns true if an approval of this subject permits an action. If the request came with a
   * credential, the action must come with the same one.
   */
  public boolean permits(ApprovalSubject retry) {
    return agentId.equals(retry.agentId)
        && policy.equals(retry.policy)
        && actionDigest.equals(retry.actionDigest)
        && (principal.isEmpty() || principal.equals(retry.principal));
  }

  /**
   * Returns a name for agent, action and policy: 64 hex digits. Leaves the principal out, so that
   * the approval of a request without a credential is found by a retry with one.
   */
  public String name() {
    byte[] json =
        new CanonicalWriter()
            .beginObject()
            .member("action_digest", actionDigest)
            .member("agent_id", agentId)
            .member("policy", policy)
            .endObject()
            .toBytes();
    return HexFormat.of().formatHex(Sha256.hash(json));
  }
}
