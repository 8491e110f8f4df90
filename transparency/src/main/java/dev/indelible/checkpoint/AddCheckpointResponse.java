// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A witness's answer to an {@link AddCheckpointRequest}, for the two statuses whose body the
 * protocol defines (C2SP tlog-witness v1.0.0).
 */
public sealed interface AddCheckpointResponse {
  /** Returns the HTTP status. */
  int status();

  /** Returns the body. */
  byte[] bytes();

  /**
   * The witness cosigned.
   *
   * @param cosignatures the signature lines; the log must verify them under the witness's keys
   *     before use
   */
  record Cosigned(List<NoteSignature> cosignatures) implements AddCheckpointResponse {
    /** The status of this answer. */
    public static final int STATUS = 200;

    public Cosigned {
      if (cosignatures.isEmpty()) {
        throw new IllegalArgumentException("an answer needs a cosignature");
      }
      cosignatures = List.copyOf(cosignatures);
    }

    @Override
    public int status() {
      return STATUS;
    }

    @Override
    public byte[] bytes() {
      StringBuilder out = new StringBuilder();
      cosignatures.forEach(each -> out.append(each.line()).append('\n'));
      return out.toString().getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * The witness's last checkpoint has a different size than the request states. The log asks again
   * from that size.
   *
   * @param size the size of the witness's last checkpoint
   */
  record Conflict(long size) implements AddCheckpointResponse {
    /** The status of this answer. */
    public static final int STATUS = 409;

    /** The content type of this answer. */
    public static final String CONTENT_TYPE = "text/x.tlog.size";

    public Conflict {
      if (size < 0) {
        throw new IllegalArgumentException("a log cannot have " + size + " leaves");
      }
    }

    @Override
    public int status() {
      return STATUS;
    }

    @Override
    public byte[] bytes() {
      return (size + "\n").getBytes(StandardCharsets.US_ASCII);
    }
  }

  /**
   * Reads an answer.
   *
   * @throws CheckpointParseException if the status is a refusal, or the body does not have the
   *     format of the status
   */
  static AddCheckpointResponse parse(int status, byte[] body) throws CheckpointParseException {
    return switch (status) {
      case Cosigned.STATUS -> {
        String lines = StrictText.decode(body, "answer of witness");
        yield new Cosigned(SignedNote.parseSignatures(lines, "answer of witness"));
      }
      case Conflict.STATUS -> {
        String text = StrictText.decode(body, "size in answer of witness");
        if (!text.endsWith("\n")) {
          throw StrictText.refused("size in answer of witness", text, "no newline at its end");
        }
        String size = text.substring(0, text.length() - 1);
        yield new Conflict(StrictText.decimal(size, "size in answer of witness"));
      }
      default ->
          throw StrictText.refused(
              "answer of witness", StrictText.beginning(body), "status " + status);
    };
  }
}
