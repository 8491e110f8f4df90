// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Approvals;
import dev.indelible.AuditLog;
import dev.indelible.access.Role;
import dev.indelible.base.Threads;
import dev.indelible.base.ThrowingSupplier;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends new rows to listeners as server-sent events. One thread reads the ledger for all of them. A
 * listener gets all rows, or only the requests for approval and their answers.
 *
 * <p>The rows and gaps that a listener gets cover the chain from its start without an overlap. A
 * listener gets up to {@value #ROWS_A_TICK} rows a tick, so 500 a second. A listener that is more
 * than {@value #MAX_BEHIND} rows behind, because more are appended or because it reads too slowly,
 * gets a gap instead: the range and the number of the rows that it does not get. A piece is written
 * only after the piece before has left, so a listener holds one piece at most.
 *
 * <p>The class is long because the thread, its listeners and their gaps share the position in the
 * chain.
 */
final class EventFeed {
  /** The time between two looks at the ledger. */
  private static final Duration TICK = Duration.ofMillis(200);

  /** The most rows that a listener gets in a tick. */
  static final int ROWS_A_TICK = 100;

  /** The most rows that a listener may be behind before it gets a gap: two seconds of rows. */
  static final int MAX_BEHIND = 1_000;

  /** The most rows that a resuming client may be behind, until it has caught up. */
  static final int MAX_RESUMED = 5_000;

  /** The most rows that are read in a tick, for all listeners together. */
  private static final int MAX_ROWS_READ = 20 * ROWS_A_TICK;

  /** A piece ends after this many bytes, but has at least one row. */
  private static final int MAX_PIECE_BYTES = 256 << 10;

  /** The most listeners; each holds a connection. */
  static final int MAX_LISTENERS = 256;

  /** The most listeners of one credential, and of all callers without one. */
  static final int MAX_LISTENERS_OF_CALLER = 64;

  /**
   * The most unanswered requests that are kept for a listener, the newest ones; it gets no event
   * when others expire.
   */
  static final int MAX_UNANSWERED = 1_000;

  /** After this time without a piece, a comment shows the client that the connection lives. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  /** The longest stream. The client comes back with the sequence of its last row. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** The longest wait for the thread when the feed is closed. */
  private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(1);

  private static final String ESCALATE = "escalate";

  private static final byte[] COMMENT = bytes(":\n\n");

  private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);

  private final AuditLog log;
  private final Callers callers;
  private final ThreadFactory threads;

  /** All listeners. Guarded by this. */
  private final List<Listener> listeners = new ArrayList<>();

  /** Guarded by this. */
  private boolean closed;

  /** Reads the ledger; started with the first listener. Guarded by this; null before that. */
  private @Nullable Thread thread;

  /** The index of the listener that is served first in the next tick; used only by the thread. */
  private int first;

  /**
   * Creates a feed without listeners.
   *
   * @param callers identifies the caller of each stream again, to end the stream with its
   *     credential
   */
  EventFeed(AuditLog log, Callers callers) {
    this(log, callers, work -> new Thread(work, "indelible-event-feed"));
  }

  EventFeed(AuditLog log, Callers callers, ThreadFactory threads) {
    this.log = log;
    this.callers = callers;
    this.threads = threads;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** What a stream shows of the chain. */
  enum View {
    /** Every row. */
    ROWS(Set.of(Role.READER)),
    /** The requests for approval, their answers, and the requests that nobody answered. */
    APPROVALS(Set.of(Role.READER, Role.APPROVER));

    private final Set<Role> roles;

    View(Set<Role> roles) {
      this.roles = roles;
    }

    /** Returns the roles of which a listener needs one. */
    Set<Role> roles() {
      return roles;
    }
  }

  /**
   * A request for approval that nobody has answered.
   *
   * @param id the id of its event
   * @param expires the time from which on it is not answered any more
   */
  record Unanswered(String id, Instant expires) {}

  /** A request that was made, or, if there is no request, an answer to all for its subject. */
  private record Change(ApprovalSubject subject, Optional<Unanswered> asked) {}

  /**
   * Events to write.
   *
   * @param bytes empty if none of the rows is in the view
   */
  private record Piece(byte[] bytes, long last, List<Change> changes) {}

  /** The beginning of a piece. */
  private record Start(View view, long position) {}

  /** A client. Only the feed's thread uses it, except for the volatile fields. */
  private static final class Listener {
    private final Request request;
    private final Outlet outlet;
    private final View view;

    /** The requests that nobody has answered yet, for {@link View#APPROVALS}. */
    private final Map<ApprovalSubject, Unanswered> unanswered;

    private final long started = System.nanoTime();

    /** The last row that it got, or that a gap covered. */
    private long position;

    /** The rows that it may be behind before it gets a gap. */
    private long mayBeBehind = MAX_RESUMED;

    private long lastWrite;

    /** The last fault of the ledger that it was sent; empty if the ledger was read since. */
    private String fault = "";

    /** True until the last piece has left. */
    private volatile boolean writing;

    /** True if the client is gone. */
    private volatile boolean gone;

    Listener(
        Request request,
        Outlet outlet,
        View view,
        Map<ApprovalSubject, Unanswered> unanswered,
        long position) {
      this.request = request;
      this.outlet = outlet;
      this.view = view;
      this.unanswered = new LinkedHashMap<>(unanswered);
      this.position = position;
    }

    /** Returns events for the requests that nobody answered in time, and forgets these. */
    byte[] expired(Instant now) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      for (Unanswered each : List.copyOf(unanswered.values())) {
        if (!now.isBefore(each.expires())) {
          CanonicalWriter data =
              new CanonicalWriter()
                  .beginObject()
                  .member("expires", Timestamps.format(each.expires()))
                  .member("id", each.id())
                  .endObject();
          frame(out, "expired", position, data.toBytes());
          unanswered.values().remove(each);
        }
      }
      return out.toByteArray();
    }

    /** Shows that the connection lives; in a view of few rows, also where to resume. */
    void writeHeartbeat() {
      write(view == View.ROWS ? COMMENT : bytes("id: " + position + "\n\n"));
    }

    void write(byte[] piece) {
      writing = true;
      lastWrite = System.nanoTime();
      try {
        outlet.write(
            piece,
            left -> {
              gone |= !left;
              writing = false;
            });
      } catch (Throwable e) { // The other listeners are served.
        LOG.error("an event cannot be written; its stream ends", e);
        end();
      }
    }

    void end() {
      gone = true;
      try {
        outlet.end();
      } catch (Throwable e) { // The other listeners are served.
        LOG.error("a stream cannot be ended", e);
      }
    }

    void write(Piece piece) {
      position = piece.last();
      for (Change change : piece.changes()) {
        if (change.asked().isPresent()) {
          unanswered.put(change.subject(), change.asked().get());
          if (unanswered.size() > MAX_UNANSWERED) {
            unanswered.remove(unanswered.keySet().iterator().next());
          }
        } else {
          unanswered.remove(change.subject());
        }
      }
      if (piece.bytes().length > 0) {
        write(piece.bytes());
      }
    }
  }

  /**
   * Opens a stream of the rows after a sequence number: the header {@code Last-Event-ID}, or else
   * the parameter {@code after}, or else the current last row's.
   */
  Response open(Request request) throws JsonFormatException, LedgerException {
    return open(request, View.ROWS, Map::of);
  }

  /**
   * Opens a stream of the requests for approval and their answers.
   *
   * @param unanswered reads the requests that nobody has answered yet
   */
  Response openApprovals(
      Request request,
      ThrowingSupplier<Map<ApprovalSubject, Unanswered>, LedgerException> unanswered)
      throws JsonFormatException, LedgerException {
    return open(request, View.APPROVALS, unanswered);
  }

  private Response open(
      Request request,
      View view,
      ThrowingSupplier<Map<ApprovalSubject, Unanswered>, LedgerException> unanswered)
      throws JsonFormatException, LedgerException {
    OptionalLong after = after(request);
    // Read before the requests: a request or an answer in between is streamed.
    long last = lastRow();
    if (after.isPresent() && after.getAsLong() > last) {
      throw new JsonFormatException(
          "after: %s is beyond the last row, which is %s".formatted(after.getAsLong(), last));
    }
    synchronized (this) {
      if (closed) {
        return Response.problem(503, "Stopping", "the daemon is stopping");
      }
      if (listeners.size() >= MAX_LISTENERS) {
        return Response.problem(
            503, "Too busy", "%s listeners are connected; no more can".formatted(MAX_LISTENERS));
      }
      Optional<String> caller = request.caller().principal();
      long own =
          listeners.stream()
              .filter(each -> each.request.caller().principal().equals(caller))
              .count();
      if (own >= MAX_LISTENERS_OF_CALLER) {
        return Response.problem(
            429,
            "Too many requests",
            "this caller has %s streams open; no more are allowed"
                .formatted(MAX_LISTENERS_OF_CALLER));
      }
    }
    Map<ApprovalSubject, Unanswered> waiting = unanswered.get();
    return Response.stream(
        "text/event-stream",
        outlet -> add(new Listener(request, outlet, view, waiting, after.orElse(last))));
  }

  private static OptionalLong after(Request request) throws JsonFormatException {
    String resumed = request.header("Last-Event-ID").orElse("");
    return (resumed.isEmpty() ? request : request.withParameters(Map.of("after", resumed)))
        .number("after", 0, Long.MAX_VALUE);
  }

  private long lastRow() throws LedgerException {
    try (LedgerReader ledger = log.reader()) {
      return lastRow(ledger);
    }
  }

  private static long lastRow(LedgerReader ledger) throws LedgerException {
    return ledger.lastRow().map(ChainRow::sequence).orElse(0L);
  }

  private synchronized void add(Listener listener) {
    if (closed) {
      listener.end();
      return;
    }
    // Also a client that is cut off before its first row can resume from here.
    listener.write(bytes("retry: 2000\nid: " + listener.position + "\n\n"));
    if (thread == null) {
      Thread starting = threads.newThread(this::run);
      starting.setDaemon(true);
      starting.start();
      // Only now: after a failure to start it, the next listener starts one.
      thread = starting;
    }
    listeners.add(listener);
    notifyAll();
  }

  private void run() {
    try {
      while (awaitListeners()) {
        try {
          followOrReport();
        } catch (InterruptedException e) {
          throw e;
        } catch (Throwable e) { // The thread must live on for later listeners.
          LOG.error("the event feed cannot report a fault", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Serves listeners until there are none, or until a fault, which is sent to them. */
  private void followOrReport() throws InterruptedException {
    String fault;
    try (LedgerReader ledger = log.reader()) {
      follow(ledger);
      return;
    } catch (LedgerException e) {
      fault = "the ledger cannot be read: " + e.getMessage();
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable e) { // Reading a damaged ledger can throw anything.
      LOG.error("the event feed failed", e);
      fault = "the ledger cannot be read; the daemon's log has the cause";
    }
    pause();
    report(fault);
  }

  /** Serves listeners until there are none. */
  private void follow(LedgerReader ledger) throws LedgerException, InterruptedException {
    List<Listener> now = current();
    while (!now.isEmpty()) {
      serve(ledger, now);
      pause();
      now = current();
    }
  }

  /** Waits for a listener; returns false if the feed is closed. */
  private synchronized boolean awaitListeners() throws InterruptedException {
    while (listeners.isEmpty() && !closed) {
      wait();
    }
    return !closed;
  }

  private synchronized void pause() throws InterruptedException {
    if (!closed) {
      TimeUnit.NANOSECONDS.timedWait(this, TICK.toNanos());
    }
  }

  /**
   * Returns the listeners; ends those that are gone, have listened for long, or whose credential is
   * no longer accepted.
   */
  private synchronized List<Listener> current() {
    long now = System.nanoTime();
    for (Listener listener : listeners) {
      if (!listener.gone && (now - listener.started > LONGEST.toNanos() || !mayRead(listener))) {
        listener.end();
      }
    }
    listeners.removeIf(listener -> listener.gone);
    return List.copyOf(listeners);
  }

  private boolean mayRead(Listener listener) {
    try {
      return callers
          .of(listener.request)
          .filter(caller -> listener.view.roles().stream().anyMatch(caller::has))
          .isPresent();
    } catch (Throwable e) { // The other listeners are served.
      LOG.error("the credential of a listener cannot be checked; its stream ends", e);
      return false;
    }
  }

  private void serve(LedgerReader ledger, List<Listener> all) throws LedgerException {
    long end = lastRow(ledger);
    int read = 0;
    Map<Start, Piece> pieces = new HashMap<>();
    first = first >= all.size() ? 0 : first;
    int next = first;
    for (int i = 0; i < all.size(); i++) {
      Listener listener = all.get((next + i) % all.size());
      listener.fault = "";
      if (listener.writing) {
        continue;
      }
      if (end - listener.position > listener.mayBeBehind) {
        listener.mayBeBehind = MAX_BEHIND;
        listener.write(gap(listener.position + 1, end));
      } else if (end > listener.position) {
        Start start = new Start(listener.view, listener.position);
        Piece piece = pieces.get(start);
        if (piece == null && read < MAX_ROWS_READ) {
          piece = rows(ledger, start, end);
          read += piece.last() - listener.position;
          pieces.put(start, piece);
          first = (next + i + 1) % all.size();
        }
        if (piece != null && piece.last() > listener.position) {
          listener.write(piece);
          if (piece.bytes().length == 0) {
            serveIdle(listener);
          }
        }
      } else if (listener.mayBeBehind > MAX_BEHIND) {
        listener.mayBeBehind = MAX_BEHIND;
      } else {
        serveIdle(listener);
      }
    }
  }

  private static void serveIdle(Listener listener) {
    byte[] expired = listener.expired(Instant.now());
    if (expired.length > 0) {
      listener.write(expired);
    } else if (System.nanoTime() - listener.lastWrite > HEARTBEAT.toNanos()) {
      listener.writeHeartbeat();
    }
  }

  private static Piece gap(long from, long to) {
    CanonicalWriter data =
        new CanonicalWriter()
            .beginObject()
            .member("count", to - from + 1)
            .member("from", from)
            .member("to", to)
            .endObject();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    frame(out, "gap", to, data.toBytes());
    return new Piece(out.toByteArray(), to, List.of());
  }

  /**
   * Returns the rows after a position, up to {@code end} and to a multiple of {@link #ROWS_A_TICK},
   * so that listeners that are behind share their next reads.
   */
  private static Piece rows(LedgerReader ledger, Start start, long end) throws LedgerException {
    long to = Math.min(end, (start.position() / ROWS_A_TICK + 1) * ROWS_A_TICK);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<Change> changes = new ArrayList<>();
    long[] last = {start.position()};
    ledger.forEachRow(
        RowQuery.from(start.position() + 1),
        row -> {
          if (row.sequence() > to || out.size() >= MAX_PIECE_BYTES) {
            return false;
          }
          if (start.view() == View.ROWS) {
            frame(out, "row", row.sequence(), row.toJson());
          } else {
            frameApproval(out, row, changes);
          }
          last[0] = row.sequence();
          return last[0] < to;
        });
    return new Piece(out.toByteArray(), last[0], changes);
  }

  /** Adds the event of a row that is a request for approval or an answer. */
  private static void frameApproval(ByteArrayOutputStream out, ChainRow row, List<Change> changes) {
    if (row.is(DeferredAuditEvent.REFUSAL)) {
      Optional<ApprovalSubject> subject = row.payload().flatMap(ApprovalSubject::of);
      if (subject.isPresent() && EventQuery.Facets.of(row).verdict().equals(ESCALATE)) {
        Instant expires = Instant.parse(row.timestamp()).plus(Approvals.MAX_AGE);
        changes.add(new Change(subject.get(), Optional.of(new Unanswered(row.id(), expires))));
        frame(out, "pending", row.sequence(), row.toJson());
      }
    } else if (ApprovalNote.TYPES.contains(row.eventType())) {
      ApprovalNote.read(row)
          .ifPresent(answer -> changes.add(new Change(answer.subject(), Optional.empty())));
      frame(out, "resolved", row.sequence(), row.toJson());
    }
  }

  private static void frame(ByteArrayOutputStream out, String type, long id, byte[] json) {
    out.writeBytes(bytes("id: " + id + "\nevent: " + type + "\ndata: "));
    out.writeBytes(json);
    out.writeBytes(bytes("\n\n"));
  }

  /** Sends a fault of the ledger to each listener that was not sent it yet. */
  private void report(String fault) {
    byte[] json = new CanonicalWriter().beginObject().member("detail", fault).endObject().toBytes();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes("event: fault\ndata: "));
    out.writeBytes(json);
    out.writeBytes(bytes("\n\n"));
    for (Listener listener : current()) {
      if (!listener.writing && !listener.fault.equals(fault)) {
        listener.fault = fault;
        listener.write(out.toByteArray());
      }
    }
  }

  /** Ends every stream, and starts no more. */
  void close() {
    Thread reading;
    synchronized (this) {
      closed = true;
      listeners.forEach(Listener::end);
      listeners.clear();
      reading = thread;
      notifyAll();
    }
    if (reading == null) {
      return;
    }
    Threads.join(reading, CLOSING_PATIENCE);
  }
}
