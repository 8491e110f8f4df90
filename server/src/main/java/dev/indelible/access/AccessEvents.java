// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The events that record changes of credentials. No event has a key or its hash. */
public final class AccessEvents {
  private AccessEvents() {}

  /**
   * Returns the event that records the creation of a key.
   *
   * @param by the name of the person who does this
   */
  public static SystemEvent created(ApiKey key, String by) {
    return of(SystemEvent.ACCESS_KEY_CREATED, key, by);
  }

  /** Returns the event that records a key replacing the earlier key with its name. */
  public static SystemEvent rotated(ApiKey next, String by) {
    return of(SystemEvent.ACCESS_KEY_ROTATED, next, by);
  }

  /** Returns the event that records the revocation of a key. */
  public static SystemEvent revoked(ApiKey key, String by) {
    return of(SystemEvent.ACCESS_KEY_REVOKED, key, by);
  }

  /**
   * Reads of the log.
   *
   * @param principal the name that the credential proves
   * @param counts the number of reads by path and filter
   */
  public record Reads(String principal, Map<String, Long> counts) {
    /** The entry for reads that a row does not list separately. */
    public static final String OTHERS = "others";

    public Reads {
      counts = new TreeMap<>(counts);
    }
  }

  /** Returns the event that records reads of the log. */
  public static SystemEvent logRead(Reads reads) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    details.member("principal", reads.principal()).name("reads").beginArray();
    reads
        .counts()
        .forEach(
            (read, count) ->
                details
                    .element()
                    .beginObject()
                    .member("count", count)
                    .member("read", read)
                    .endObject());
    return SystemEvent.of(SystemEvent.ACCESS_LOG_READ, details.endArray().endObject());
  }

  /**
   * Returns the event that records a request to replay a dead letter or to reload the policy.
   *
   * @param principal the name that the credential proves
   * @param path the path of the request
   */
  public static SystemEvent operated(String principal, String path) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    details.member("path", path).member("principal", principal);
    return SystemEvent.of(SystemEvent.ACCESS_OPERATED, details.endObject());
  }

  /**
   * Returns the event that records a refused attempt to answer a request for approval.
   *
   * @param principal the name that the credential proves; empty for a caller without one
   * @param request the id of the request, as the caller named it
   * @param reason the kind of the refusal, for example {@code own_request}
   */
  public static SystemEvent approvalRefused(
      Optional<String> principal, String request, String reason) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    details.member("principal", principal);
    details.member("reason", reason).member("request", request);
    return SystemEvent.of(SystemEvent.ACCESS_APPROVAL_REFUSED, details.endObject());
  }

  /**
   * Returns the event that records changed settings of the daemon.
   *
   * @param recordsReads true if reads of the log are recorded
   * @param publish true if the log's entries can be read without a credential
   * @param clientCa the digest of the file with the issuers of client certificates, as {@code
   *     sha256:…}; empty if none are accepted
   */
  public static SystemEvent settings(
      List<Binding> bindings, boolean recordsReads, boolean publish, Optional<String> clientCa) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    details.member("client_ca", clientCa);
    details.member("publish", onOrOff(publish));
    details.member("record_reads", onOrOff(recordsReads));
    details.name("roles").strings(bindings.stream().map(Binding::toString).toList());
    return SystemEvent.of(SystemEvent.ACCESS_SETTINGS, details.endObject());
  }

  /** Returns the recorded form of a setting. */
  private static String onOrOff(boolean setting) {
    return setting ? "on" : "off";
  }

  /**
   * Reads the details of the event that {@link #settings(List, boolean, boolean, Optional)}
   * returns.
   *
   * @throws JsonFormatException if a detail is missing or has a wrong type
   */
  public static JsonValue settings(JsonFields details) throws JsonFormatException {
    CanonicalWriter copy = new CanonicalWriter().beginObject();
    copy.member("client_ca", details.optionalString("client_ca"));
    copy.member("publish", details.string("publish"));
    copy.member("record_reads", details.string("record_reads"));
    copy.name("roles").strings(details.strings("roles"));
    return JsonValue.of(copy.endObject());
  }

  private static SystemEvent of(String type, ApiKey key, String by) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    key.grant().writeAgent(details);
    details.member("by", by);
    details.member("expires", key.expires().map(Timestamps::format));
    details.member("key", key.id()).member("name", key.name());
    key.grant().writeRoles(details);
    return SystemEvent.of(type, details.endObject());
  }
}
