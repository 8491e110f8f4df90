// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import java.util.Objects;

/**
 * A secret that a payload does not contain; a marker with its digest stands in its place. The
 * payload lists its redactions, so that a marker which an agent wrote is not taken for one.
 *
 * @param path the place in the payload, as a JSON pointer (RFC 6901)
 * @param detector the name of the detector that found the secret
 * @param digest the first 16 bytes of its HMAC-SHA-256 in hex; equal for equal secrets of one log
 * @param length its length in UTF-16 characters
 */
public record Redaction(String path, String detector, String digest, int length) {
  /** The detector, and the custom kind of the stub, of an action whose redaction failed. */
  public static final String FAILED = "redaction_failed";

  public Redaction {
    Objects.requireNonNull(path, "path is null");
    Objects.requireNonNull(detector, "detector is null");
    Objects.requireNonNull(digest, "digest is null");
  }

  /** Writes the members as canonical JSON (RFC 8785). */
  void write(CanonicalWriter out) {
    out.member("detector", detector).member("digest", digest).member("length", length);
    out.member("path", path);
  }
}
