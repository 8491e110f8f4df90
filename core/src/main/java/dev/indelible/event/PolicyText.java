// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.base.Text;
import dev.indelible.crypto.Sha256;
import dev.indelible.encoding.ClockException;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.encoding.Timestamps;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * The full text of a policy, as a {@code policy.loaded} event records it when the policy comes into
 * force. The digest, which each decision names, follows from the text, so nobody can record another
 * text under the digest of a policy.
 *
 * @param files the files in the order in which they are read
 * @param approvers the vkeys of those who may approve an action that the policy escalates, as the
 *     files list them; a reader of the chain then needs no YAML
 * @param signature the operator's signature that brought the policy into force; empty without an
 *     operator's key
 */
public record PolicyText(List<File> files, List<String> approvers, Optional<Signature> signature) {
  private static final String APPROVERS = "approvers";

  /**
   * The type of the event with which a gate that records through a queue states its policy. Its
   * details are those of a {@code policy.loaded} event.
   */
  public static final String GATE_LOADED = "gate.policy_loaded";

  /** The longest text that is recorded, in bytes of UTF-8 over all files: 1 MiB. */
  public static final int MAX_RECORDED_BYTES = 1 << 20;

  /**
   * The longest details of an event that the smallest segment of a journal holds, with 64 KiB left
   * for the rest of the event. Escapes can make a text of 1 MiB longer than that.
   */
  private static final int MAX_DETAILS_BYTES = (2 << 20) - (64 << 10);

  /**
   * One file of a policy.
   *
   * @param name the name in its directory; empty for a policy of a single file
   * @param text the content, with a byte order mark if the file has one
   */
  public record File(Optional<String> name, String text) {}

  /**
   * A signature of the operator over a policy.
   *
   * @param number the number that the operator gave the policy
   * @param note the signed note, from which the chain alone proves the signature
   */
  public record Signature(long number, String note) {}

  /**
   * A recorded policy.
   *
   * @param digest the digest of the policy
   * @param length the length of its text in bytes
   * @param text the text; empty if it is left out because of its length
   * @param approvers the vkeys of those who may approve an action
   * @param signature the operator's signature; empty without one
   * @param seen the time at which the gate had last read the chain, see {@link PolicySeen}; empty
   *     if that was just before the policy came into force
   */
  public record Recorded(
      String digest,
      long length,
      Optional<PolicyText> text,
      List<String> approvers,
      Optional<Signature> signature,
      Optional<String> seen) {
    /** Returns true if the text is recorded and has the recorded digest. */
    public boolean isProven() {
      return text.isPresent() && text.get().digest().equals(digest);
    }
  }

  public PolicyText {
    files = List.copyOf(files);
    approvers = List.copyOf(approvers);
  }

  /** Creates a text without approvers and without a signature. */
  public PolicyText(List<File> files) {
    this(files, List.of(), Optional.empty());
  }

  /** Returns this text with the approvers that it lists. */
  public PolicyText withApprovers(List<String> vkeys) {
    return new PolicyText(files, vkeys, signature);
  }

  /** Returns this text with the signature that brings it into force. */
  public PolicyText withSignature(Optional<Signature> operators) {
    return new PolicyText(files, approvers, operators);
  }

  /** Returns the text of a policy of a single file. */
  public static PolicyText ofFile(String text) {
    return new PolicyText(List.of(new File(Optional.empty(), text)));
  }

  /**
   * Returns the digest: {@code sha256:} and 64 hex digits over the bytes of the file; for a
   * directory, over the name and the bytes of each file, each preceded by its length in four bytes,
   * big-endian.
   */
  public String digest() {
    List<byte[]> parts = new ArrayList<>();
    for (File file : files) {
      byte[] bytes = file.text().getBytes(StandardCharsets.UTF_8);
      if (file.name().isPresent()) {
        frame(parts, file.name().get().getBytes(StandardCharsets.UTF_8));
        frame(parts, bytes);
      } else {
        parts.add(bytes);
      }
    }
    return Sha256.digest(parts.toArray(byte[][]::new));
  }

  private static void frame(List<byte[]> parts, byte[] bytes) {
    parts.add(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    parts.add(bytes);
  }

  /** Returns the length of the text of all files, in bytes of UTF-8. */
  public long length() {
    return files.stream().mapToLong(file -> Text.utf8Length(file.text())).sum();
  }

  /**
   * Returns the event that records that this policy comes into force now. A text over {@link
   * #MAX_RECORDED_BYTES} is left out, and the event states that.
   *
   * @throws ClockException if the current time cannot be recorded
   */
  public SystemEvent toEvent(Clock clock) {
    return toEvent(clock, Optional.empty());
  }

  /**
   * Returns the event as {@link #toEvent(Clock)} does.
   *
   * @param seen the time at which the gate had last read the chain, see {@link PolicySeen}
   */
  public SystemEvent toEvent(Clock clock, Optional<String> seen) {
    CanonicalWriter details = details(length() <= MAX_RECORDED_BYTES, seen);
    return SystemEvent.at(
        Timestamps.now(clock),
        SystemEvent.POLICY_LOADED,
        details.length() <= MAX_DETAILS_BYTES ? details : details(false, seen));
  }

  private CanonicalWriter details(boolean withText, Optional<String> seen) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    if (!approvers.isEmpty()) {
      out.name(APPROVERS).strings(approvers);
    }
    out.member("digest", digest());
    if (withText) {
      out.name("files").beginArray();
      for (File file : files) {
        out.element().beginObject().member("name", file.name()).member("text", file.text());
        out.endObject();
      }
      out.endArray();
    }
    out.member("length", length());
    signature.ifPresent(operators -> out.member("number", operators.number()));
    if (!withText) {
      out.member("omitted", "the text is too long to be recorded");
    }
    out.member(PolicySeen.MEMBER, seen);
    out.member("signature", signature.map(Signature::note));
    return out.endObject();
  }

  /**
   * Returns true if a payload records the policy with a digest. Reads only the beginning of the
   * payload, unless the policy has approvers.
   *
   * @param payload the payload of a {@code policy.loaded} event
   */
  public static boolean records(byte[] payload, String digest) {
    return begins(payload, beginning().member("digest", digest))
        || begins(payload, beginning().name(APPROVERS)) && isDigest(payload, digest);
  }

  private static CanonicalWriter beginning() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    return out.member("agent_id", SystemEvent.AGENT).name("details").beginObject();
  }

  private static boolean begins(byte[] payload, CanonicalWriter beginning) {
    byte[] expected = beginning.toBytes();
    return payload.length > expected.length
        && Arrays.equals(payload, 0, expected.length, expected, 0, expected.length);
  }

  private static boolean isDigest(byte[] payload, String digest) {
    try {
      return CanonicalJson.read(payload).path("details").path("digest").asString("").equals(digest);
    } catch (JsonFormatException e) {
      return false;
    }
  }

  /**
   * Reads the details of a {@code policy.loaded} event.
   *
   * @throws JsonFormatException if a detail is missing or has a wrong type
   */
  public static Recorded read(JsonFields details) throws JsonFormatException {
    Optional<PolicyText> text = Optional.empty();
    if (details.has("files")) {
      List<File> files = new ArrayList<>();
      for (JsonNode node : details.node("files")) {
        JsonFields file = JsonFields.of(node, "file");
        files.add(new File(file.optionalString("name"), file.string("text")));
      }
      text = Optional.of(new PolicyText(files));
    }
    List<String> approvers = details.has(APPROVERS) ? details.strings(APPROVERS) : List.of();
    Optional<Signature> signature = Optional.empty();
    Optional<String> note = details.optionalString("signature");
    OptionalLong number = details.optionalLong("number");
    if (note.isPresent() && number.isPresent()) {
      signature = Optional.of(new Signature(number.getAsLong(), note.get()));
    }
    return new Recorded(
        details.string("digest"),
        details.optionalLong("length").orElse(0),
        text.isPresent()
            ? Optional.of(new PolicyText(text.get().files(), approvers, signature))
            : text,
        approvers,
        signature,
        details.optionalString(PolicySeen.MEMBER));
  }
}
