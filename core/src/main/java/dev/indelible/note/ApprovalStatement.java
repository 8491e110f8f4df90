// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * The text that an approver signs: a line that names the format, and a line of canonical JSON (RFC
 * 8785).
 *
 * @param origin the name of the log
 * @param request the id of the event that escalated the action
 * @param subject the exact action
 * @param isGranted true to approve, false to deny
 * @param expires the time at which an approval expires; empty for a denial
 * @param reason the reason of the approver
 */
public record ApprovalStatement(
    String origin,
    String request,
    ApprovalSubject subject,
    boolean isGranted,
    Optional<Instant> expires,
    String reason) {
  private static final String FORMAT = "indelible.dev/approval/v1\n";
  private static final String APPROVE = "approve";
  private static final String DENY = "deny";

  public ApprovalStatement {
    if (isGranted != expires.isPresent()) {
      throw new IllegalArgumentException("an approval expires, and a denial does not");
    }
    expires.ifPresent(Timestamps::requireRecordable);
  }

  /** Returns the text to sign, which ends with a newline. */
  public String text() {
    byte[] json =
        new CanonicalWriter()
            .beginObject()
            .member("action_digest", subject.actionDigest())
            .member("agent_id", subject.agentId())
            .member("decision", isGranted ? APPROVE : DENY)
            .member("expires", expires.map(Timestamps::format))
            .member("origin", origin)
            .member("policy", subject.policy())
            .member("principal", subject.principal())
            .member("reason", reason)
            .member("request", request)
            .endObject()
            .toBytes();
    return FORMAT + new String(json, StandardCharsets.UTF_8) + "\n";
  }

  /**
   * Reads the text of a note.
   *
   * @throws JsonFormatException if it is not exactly the {@link #text} of a statement
   */
  public static ApprovalStatement parse(String text) throws JsonFormatException {
    if (!text.startsWith(FORMAT)) {
      throw new JsonFormatException("it does not begin with the line " + FORMAT.strip());
    }
    JsonFields fields =
        JsonFields.of(CanonicalJson.read(text.substring(FORMAT.length()).strip()), "statement");
    ApprovalStatement statement;
    try {
      statement =
          new ApprovalStatement(
              fields.string("origin"),
              fields.string("request"),
              new ApprovalSubject(
                  fields.string("agent_id"),
                  fields.optionalString("principal"),
                  fields.string("policy"),
                  fields.string("action_digest")),
              fields.string("decision").equals(APPROVE),
              expires(fields),
              fields.string("reason"));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
    if (!statement.text().equals(text)) {
      throw new JsonFormatException("it is not in the exact form in which statements are signed");
    }
    return statement;
  }

  /** Reads the member {@code expires}. */
  static Optional<Instant> expires(JsonFields fields) throws JsonFormatException {
    Optional<String> text = fields.optionalString("expires");
    try {
      return text.map(Instant::parse);
    } catch (DateTimeException e) {
      throw new JsonFormatException(fields.where() + ".expires: not a time");
    }
  }
}
