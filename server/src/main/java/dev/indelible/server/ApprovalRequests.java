// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.ApprovalException;
import dev.indelible.ApprovalException.Reason;
import dev.indelible.Approvals;
import dev.indelible.Approvals.Approver;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.Indelible;
import dev.indelible.access.AccessEvents;
import dev.indelible.base.Text;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.crypto.KeyException;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.server.EventFeed.Unanswered;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists, streams and answers the requests for approval. An answer is in the chain before it is
 * confirmed. Each refused attempt to answer is recorded with its principal.
 */
final class ApprovalRequests {
  private static final int DEFAULT_LIMIT = 100;

  /** The longest time of a list: all its escalations are read, also those beyond the limit. */
  private static final Duration MAX_SINCE = Duration.ofDays(7);

  /** Longest recorded part of an id that a caller names. */
  private static final int MAX_ID_CHARS = 60;

  /** The recorded reason of an attempt without the role. */
  private static final String NO_ROLE = "not_permitted";

  private static final Logger LOG = LoggerFactory.getLogger(ApprovalRequests.class);

  private final Approvals approvals;
  private final DeferredAuditQueue queue;
  private final EventFeed feed;

  ApprovalRequests(Indelible log, EventFeed feed) {
    this.approvals = log.approvals();
    this.queue = log.queue();
    this.feed = feed;
  }

  /** Returns the requests of a time until now, newest first, in one state or in any. */
  Response list(Request request) throws JsonFormatException, LedgerException {
    requireKnown(request, Set.of("limit", "since", "state"));
    int limit = (int) request.number("limit", 1, Approvals.MAX_LISTED).orElse(DEFAULT_LIMIT);
    Approvals.Listed found = approvals.list(since(request), states(request), limit);
    return Response.json(
        200,
        out ->
            out.member("more", found.more())
                .name("requests")
                .objects(found.requests(), each -> each.write(out)));
  }

  private static void requireKnown(Request request, Set<String> known) throws JsonFormatException {
    for (String name : request.parameters().keySet()) {
      if (!known.contains(name)) {
        throw new JsonFormatException(
            "unknown parameter '%s'; known are %s"
                .formatted(name, String.join(", ", new TreeSet<>(known))));
      }
    }
  }

  private static Duration since(Request request) throws JsonFormatException {
    Duration since;
    try {
      since = request.parameter("since").map(TimeTexts::duration).orElse(Approvals.MAX_AGE);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException("since: " + e.getMessage());
    }
    if (since.compareTo(MAX_SINCE) > 0) {
      throw new JsonFormatException(
          "since: at most %sd; /v1/events finds older escalations".formatted(MAX_SINCE.toDays()));
    }
    return since;
  }

  private static Set<State> states(Request request) throws JsonFormatException {
    Optional<String> given = request.parameter("state");
    Set<State> states =
        Arrays.stream(State.values())
            .filter(each -> given.isEmpty() || given.get().equals(each.label()))
            .collect(Collectors.toSet());
    if (states.isEmpty()) {
      throw new JsonFormatException(
          "state: one of "
              + String.join(", ", Arrays.stream(State.values()).map(State::label).toList()));
    }
    return states;
  }

  /** Returns one request, and the decisions before it in its session. */
  Response show(Request request) throws LedgerException {
    Approvals.Request found;
    try {
      found = approvals.request(id(request));
    } catch (ApprovalException e) {
      return problem(e.reason(), String.valueOf(e.getMessage()));
    }
    List<ChainRow> recent = approvals.recent(found);
    return Response.json(
        200,
        out -> {
          out.name("recent").beginArray();
          recent.forEach(row -> out.element().canonical(row.toJson()));
          out.endArray().name("request").beginObject();
          found.write(out);
          out.endObject();
        });
  }

  /** Opens a stream of requests and answers. */
  Response stream(Request request) throws JsonFormatException, LedgerException {
    return feed.openApprovals(request, this::unanswered);
  }

  /** Returns the requests that wait for an answer, oldest first. */
  private Map<ApprovalSubject, Unanswered> unanswered() throws LedgerException {
    List<Approvals.Request> pending = approvals.pending();
    Map<ApprovalSubject, Unanswered> unanswered = new LinkedHashMap<>();
    for (int i = Math.min(pending.size(), EventFeed.MAX_UNANSWERED) - 1; i >= 0; i--) {
      Approvals.Request each = pending.get(i);
      unanswered.put(each.subject(), new Unanswered(each.id(), each.expires()));
    }
    return unanswered;
  }

  /** Approves or denies a request with the caller's credential, or as a signed note states. */
  Response answer(Request request) throws JsonFormatException, LedgerException, KeyException {
    Given given = Given.read(request.fields());
    Caller caller = request.caller();
    try {
      ApprovalSubject subject = approvals.request(id(request)).subject();
      boolean isOwn =
          subject.principal().isPresent() && subject.principal().equals(caller.principal())
              || caller.agentId().equals(Optional.of(subject.agentId()));
      if (isOwn) {
        return refused(
            request,
            Reason.OWN_REQUEST,
            "nobody answers a request of their own, or of their agent");
      }
      return Response.json(200, answer(id(request), given, caller)::write);
    } catch (ApprovalException e) {
      return refused(request, e.reason(), String.valueOf(e.getMessage()));
    }
  }

  private Resolution answer(String id, Given given, Caller caller)
      throws ApprovalException, LedgerException, KeyException {
    if (given.note().isPresent()) {
      return approvals.resolve(id, given.note().get());
    }
    Approver approver = new Approver.Credential(caller.principal().orElseThrow(), caller.agentId());
    return given.isGranted()
        ? approvals.grant(id, approver, given.validity(), given.reason())
        : approvals.deny(id, approver, given.reason());
  }

  /**
   * An answer as the caller states it.
   *
   * @param note the signed note; empty if the credential answers
   */
  private record Given(
      boolean isGranted, String reason, Duration validity, Optional<SignedNote> note) {
    private static final String APPROVE = "approve";

    static Given read(JsonFields fields) throws JsonFormatException {
      Optional<String> note = fields.optionalString("note");
      if (note.isPresent()) {
        fields.requireNoOthers();
        return new Given(false, "", Duration.ZERO, Optional.of(parse(note.get())));
      }
      String decision = fields.string("decision");
      String reason = fields.string("reason");
      Optional<String> validity = fields.optionalString("for");
      fields.requireNoOthers();
      if (!decision.equals(APPROVE) && !decision.equals("deny")) {
        throw new JsonFormatException("decision: approve or deny");
      }
      boolean isGranted = decision.equals(APPROVE);
      if (!isGranted && validity.isPresent()) {
        throw new JsonFormatException("for: a denial does not expire");
      }
      try {
        return new Given(
            isGranted,
            reason,
            validity.map(TimeTexts::duration).orElse(Approvals.DEFAULT_VALIDITY),
            Optional.empty());
      } catch (IllegalArgumentException e) {
        throw new JsonFormatException("for: " + e.getMessage());
      }
    }

    private static SignedNote parse(String note) throws JsonFormatException {
      try {
        return SignedNote.parse(note.getBytes(StandardCharsets.UTF_8));
      } catch (CheckpointParseException e) {
        throw new JsonFormatException("note: " + e.getMessage());
      }
    }
  }

  /** Records an attempt of a caller that does not have the role. */
  void recordForbidden(Request request) {
    record(request, NO_ROLE);
  }

  private Response refused(Request request, Reason reason, String detail) {
    record(request, label(reason));
    return problem(reason, detail);
  }

  private void record(Request request, String reason) {
    String id = Text.printable(id(request), MAX_ID_CHARS);
    if (!queue.submit(AccessEvents.approvalRefused(request.caller().principal(), id, reason))) {
      LOG.warn("a refused answer to request {} cannot be recorded: {}", id, reason);
    }
  }

  private static String id(Request request) {
    return request.parameter("id").orElseThrow();
  }

  private static String label(Reason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }

  private static Response problem(Reason reason, String detail) {
    int status = status(reason);
    return Response.json(
        status,
        Response.PROBLEM_JSON,
        out ->
            out.member("detail", detail)
                .member("reason", label(reason))
                .member("status", status)
                .member("title", title(status)));
  }

  private static int status(Reason reason) {
    return switch (reason) {
      case BAD_REASON, BAD_VALIDITY -> 400;
      case OWN_REQUEST, NOT_AN_APPROVER -> 403;
      case UNKNOWN_REQUEST -> 404;
      case ALREADY_RESOLVED, NOT_AN_ESCALATION, OTHER_POLICY -> 409;
      case ERASED, TOO_OLD -> 410;
      case BAD_NOTE, NOT_IDENTIFIED -> 422;
      case FORGED -> 500;
    };
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad request";
      case 403 -> "Forbidden";
      case 404 -> "Not found";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 422 -> "Not acceptable as an answer";
      default -> "Evidence contradicted";
    };
  }
}
