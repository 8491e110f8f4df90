// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.base.Text;
import dev.indelible.base.Throttle;
import dev.indelible.encoding.AgentIds;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.mcp.Judge.Verdict;
import dev.indelible.policy.Agent;
import dev.indelible.policy.Redactor;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Passes messages between an MCP client and an MCP server, and asks a judge before a tool is called
 * or a resource is read. A request that is refused does not reach the server; the client gets the
 * reason. Each message of the client is parsed strictly, and the parsed message is sent in place of
 * its bytes, so that the server reads what was judged. Messages of the server are passed on byte by
 * byte; a response that answers no open request is dropped.
 *
 * <p>Three threads: one reads the client and forwards all that needs no decision, one decides, and
 * one reads the server.
 *
 * <p>The class is long because both directions share the requests that have no answer yet.
 */
public final class Gateway implements Upstream.Listener {
  /** Longest message of a client. */
  static final int MAX_BYTES = 4 << 20;

  /** Maximum number of calls that wait for a decision; a client that sends more has to wait. */
  private static final int MAX_WAITING = 1_000;

  /** Longest wait until the server lists its tools. */
  private static final Duration LIST_LIMIT = Duration.ofSeconds(10);

  /** More pages than any real server has; a hostile one may announce next pages without end. */
  private static final int MAX_PAGES = 1_000;

  /** Longest wait for decisions in progress when the client has closed its stream. */
  private static final Duration END_LIMIT = Duration.ofSeconds(15);

  /** Longest wait for the reason why a message could not be sent. */
  private static final Duration END_REPORT = Duration.ofSeconds(3);

  /**
   * The members that the parameters of a judged request may have. Others are refused: a parser that
   * ignores case reads {@code Name} as {@code name}, so the server could act on another tool than
   * the judged one.
   */
  private static final Map<String, Set<String>> JUDGED =
      Map.of(
          Message.CALL_TOOL,
          Set.of("_meta", "arguments", "inputResponses", "name", "requestState", "task"),
          Message.READ_RESOURCE,
          Set.of("_meta", "inputResponses", "requestState", "uri"));

  /** The method of an open request that waits for its decision. */
  private static final String NOT_SENT = "";

  /** Server names with which each {@code mcp__SERVER__TOOL} is unambiguous. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9.-]+(_[A-Za-z0-9.-]+)*");

  /** Marks the end of {@link #calls}. */
  private static final Call NO_MORE =
      new Call(new Message(JsonNodeFactory.instance.objectNode()), "");

  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  private final Settings settings;
  private final Judge judge;
  private final InputStream fromClient;

  /** Also its own lock: held while a message is written. */
  private final PrintStream toClient;

  private final CompletableFuture<Ending> ending = new CompletableFuture<>();
  private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>(MAX_WAITING);
  private final ToolCatalog catalog = new ToolCatalog();
  private final Throttle complaints = Throttle.of(Duration.ofSeconds(1));

  /** The methods of the client's requests that have no answer yet, by id. */
  private final Map<String, String> open = new ConcurrentHashMap<>();

  /** The answers to this gateway's own listings, by id. */
  private final Map<String, CompletableFuture<JsonNode>> ownListings = new ConcurrentHashMap<>();

  /** The session of each call: a client starts a gateway for itself, and names no session. */
  private final Optional<String> session = Optional.of(UUID.randomUUID().toString());

  /** The name that the client stated in its handshake; used by the thread that reads the client. */
  private String sessionName = "unknown";

  /** The id of the call that is being decided; empty if none is. */
  private volatile String deciding = "";

  /** True if that call was cancelled. */
  private volatile boolean isCancelled;

  /** Set once before any message is read. */
  private @Nullable Upstream server;

  /**
   * A call of a tool, or a read of a resource, that waits for its decision.
   *
   * @param clientName the name of the client that sent it
   */
  private record Call(Message message, String clientName) {}

  /**
   * The settings of a gateway.
   *
   * @param serverName the name of the server in rules and records
   * @param agentId the agent; empty to name it after the client
   */
  public record Settings(String serverName, Optional<String> agentId) {
    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if a name cannot be used; the message says why
     */
    public Settings {
      if (!NAME.matcher(serverName).matches() || serverName.length() > 64) {
        throw new IllegalArgumentException(
            "%s: give at most 64 letters, digits, dots, hyphens and single underscores"
                .formatted(Text.printable(serverName, 80)));
      }
      agentId.ifPresent(AgentIds::require);
    }
  }

  /**
   * How a gateway ended.
   *
   * @param byServer true if the server ended first, which is a failure
   * @param reason the reason, in words
   */
  public record Ending(boolean byServer, String reason) {}

  /**
   * Creates a gateway.
   *
   * @param judge decides about calls and reads
   * @param fromClient the messages of the client, one a line
   * @param toClient gets the messages for the client, one a line
   */
  public Gateway(Settings settings, Judge judge, InputStream fromClient, PrintStream toClient) {
    this.settings = settings;
    this.judge = judge;
    this.fromClient = fromClient;
    this.toClient = toClient;
  }

  /** Starts a server. */
  @FunctionalInterface
  interface Start {
    Upstream start(Upstream.Listener listener) throws IOException;
  }

  /**
   * Starts the server's program and passes messages until the client or the server ends.
   *
   * @throws IOException if the program cannot be started
   */
  public Ending run(List<String> command) throws IOException {
    return run(listener -> ServerProcess.start(command, listener));
  }

  /**
   * Passes messages to a server over Streamable HTTP until the client ends.
   *
   * @param token the bearer token, if the server needs one
   * @throws IllegalArgumentException if others could read what goes to the address
   */
  public Ending run(URI server, Optional<String> token) throws IOException {
    HttpUpstream.Address address = new HttpUpstream.Address(server, token);
    return run(listener -> new HttpUpstream(address, listener));
  }

  Ending run(Start start) throws IOException {
    Upstream upstream = start.start(this);
    server = upstream;
    Thread deciding = ServerProcess.daemon("indelible-mcp-judge", this::decideCalls);
    ServerProcess.daemon("indelible-mcp-client", () -> readClient(deciding));
    Ending ended = ending.join();
    upstream.close();
    return ended;
  }

  /** Ends the gateway, as the end of the client's stream does. */
  public void stop() {
    ending.complete(new Ending(false, "a signal"));
  }

  // --- From the client ---------------------------------------------------------------------

  private void readClient(Thread deciding) {
    Lines lines = new Lines(fromClient, MAX_BYTES);
    long number = 0;
    try {
      Lines.@Nullable Line line = lines.next();
      while (line != null) {
        number++;
        fromClient(line, number);
        line = lines.next();
      }
      // Calls that the client sent before it closed its stream still go to the server.
      calls.put(NO_MORE);
      deciding.join(END_LIMIT.toMillis());
      ending.complete(new Ending(false, "the client closed its stream"));
    } catch (IOException | InterruptedException e) {
      ending.complete(new Ending(false, "the client cannot be read: " + e.getMessage()));
    } catch (Throwable e) {
      LOG.error("the gateway failed", Redactor.scrub(e));
      ending.complete(new Ending(true, "the gateway failed: " + e));
    }
  }

  private void fromClient(Lines.Line line, long number) throws InterruptedException {
    Message message;
    try {
      message = read(line).requireExactMembers();
    } catch (MessageException e) {
      refuseUnreadable(line, number, e);
      return;
    }
    String method = message.method();
    boolean isJudged = JUDGED.containsKey(method);
    if (!message.isRequest()) {
      if (isJudged) {
        complain("the client sent %s without an id; not passed on".formatted(method));
      } else if (!method.equals(Message.CANCELLED) || !cancel(message)) {
        forward(message);
      }
      return;
    }
    if (open.putIfAbsent(message.id(), isJudged ? NOT_SENT : method) != null) {
      toClient(
          message.error(
              Message.INVALID_REQUEST,
              "id: a request with this id has no answer yet",
              Optional.empty()));
    } else if (isJudged) {
      calls.put(new Call(message, statedName(message).orElse(sessionName)));
    } else {
      if (method.equals(Message.INITIALIZE)) {
        sessionName = statedName(message).orElse(sessionName);
      }
      forward(message);
    }
  }

  /** Reads a message of a client, which must not be longer than {@link #MAX_BYTES}. */
  static Message read(Lines.Line line) throws MessageException {
    if (line.isCut()) {
      throw new MessageException(
          Message.INVALID_REQUEST,
          Message.idIn(line.bytes(), line.tail()),
          "the message is longer than %s bytes".formatted(MAX_BYTES));
    }
    Message message = Message.read(line.bytes());
    try {
      message.bytes();
      return message;
    } catch (IllegalArgumentException e) {
      throw new MessageException(
          Message.PARSE_ERROR, message.json().optional("id"), String.valueOf(e.getMessage()));
    }
  }

  private void refuseUnreadable(Lines.Line line, long number, MessageException e) {
    String problem = Text.printable(Redactor.scrub(String.valueOf(e.getMessage())), 500);
    try {
      judge.refuseUnreadable(line.bytes(), number, problem);
      toClient(Message.error(e));
    } catch (IOException | RuntimeException notRecorded) {
      complain("a refused message is not on record: " + notRecorded.getMessage());
      toClient(Message.error(new MessageException(e.code(), e.id(), problem + " (not recorded)")));
    }
  }

  /** Returns the name of the client that a request states. */
  private static Optional<String> statedName(Message request) {
    JsonNode info =
        request
            .params()
            .path("clientInfo")
            .asOptional()
            .orElse(request.params().path("_meta").path(Message.META + "clientInfo"));
    return info.path("name")
        .stringValueOpt()
        .filter(name -> !name.isBlank())
        .map(name -> Text.printable(name, 100));
  }

  /** Returns true if the cancelled request is a call that was not sent to the server. */
  private boolean cancel(Message cancellation) {
    String id = Message.idText(cancellation.params().path("requestId"));
    open.remove(id);
    if (id.equals(deciding)) {
      isCancelled = true;
      return true;
    }
    return calls.removeIf(call -> call.message().id().equals(id));
  }

  private void forward(Message message) {
    try {
      Objects.requireNonNull(server).send(message);
    } catch (IOException e) {
      // A server that has ended reports its status within this time.
      Ending unreachable = new Ending(true, "the server cannot be reached: " + e.getMessage());
      ending.completeOnTimeout(unreachable, END_REPORT.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  // --- Decisions ---------------------------------------------------------------------------

  private void decideCalls() {
    try {
      Call call = calls.take();
      while (call != NO_MORE) {
        isCancelled = false;
        deciding = call.message().id();
        decide(call.message(), settings.agentId().orElse("mcp:" + call.clientName()));
        deciding = "";
        call = calls.take();
      }
    } catch (Throwable e) { // Without this thread, no call would get an answer.
      LOG.error("the gateway failed", Redactor.scrub(e));
      ending.complete(new Ending(true, "the gateway failed: " + e));
    }
  }

  private void decide(Message call, String agentId) {
    try {
      boolean isTool = call.method().equals(Message.CALL_TOOL);
      AgentAction action = isTool ? toolCall(call) : resourceRead(call);
      Optional<String> hash = isTool ? Optional.of(descriptor(call)) : Optional.empty();
      Agent agent = Agent.claimed(agentId).inSession(session);
      Verdict verdict = judge.decide(new GateRequest(agent, action, hash));
      if (!verdict.permits()) {
        refuse(call, verdict);
      } else if (!isCancelled) {
        open.put(call.id(), call.method());
        forward(asJudged(call, action));
      }
    } catch (JsonFormatException | IllegalArgumentException e) {
      answer(
          call,
          call.error(
              Message.INVALID_PARAMS,
              Redactor.scrub(String.valueOf(e.getMessage())),
              Optional.empty()));
    } catch (Throwable e) { // Also an error must not let the call through.
      complain("a call is blocked: " + e);
      refuse(
          call,
          new Verdict(
              "refuse",
              Optional.empty(),
              Optional.empty(),
              Optional.of(Redactor.scrub("the gate could not decide: " + e.getMessage()))));
    }
  }

  /** Answers a request in the server's place. */
  private void answer(Message request, Message answer) {
    open.remove(request.id());
    toClient(answer);
  }

  private ToolCall toolCall(Message call) throws JsonFormatException {
    JsonFields params = judgedParams(call);
    String name = "mcp__%s__%s".formatted(settings.serverName(), params.string("name"));
    JsonNode arguments = call.params().path("arguments");
    return new ToolCall(
        name, JsonValue.parse(arguments.isMissingNode() ? "{}" : Message.text(arguments)));
  }

  /** Returns the parameters of a judged request, which have no members but the known ones. */
  private static JsonFields judgedParams(Message request) throws JsonFormatException {
    JsonFields params = JsonFields.of(request.params(), "params");
    JUDGED.getOrDefault(request.method(), Set.of()).forEach(params::has);
    params.requireNoOthers();
    return params;
  }

  /**
   * Returns a read of a file or web address; for any other URI, a read of the server's resource.
   */
  private Read resourceRead(Message read) throws JsonFormatException {
    String uri = judgedParams(read).string("uri");
    if (uri.chars().anyMatch(each -> each <= ' ' || each == 0x7f)) {
      // URL parsers skip these, so the server would read another URI than the judged one.
      throw new JsonFormatException("params.uri: write spaces and control characters as %XX");
    }
    String scheme = uri.strip().replaceFirst("(?s):.*", "").toLowerCase(Locale.ROOT);
    String surface =
        switch (scheme) {
          case "file" -> "filesystem";
          case "http", "https" -> "web";
          default -> "mcp__" + settings.serverName();
        };
    return new Read(surface, Optional.of(uri), Optional.empty());
  }

  /** Returns a call with the arguments that were judged. */
  private static Message asJudged(Message call, AgentAction action) {
    if (!(action instanceof ToolCall tool) || !call.params().has("arguments")) {
      return call;
    }
    ObjectNode json = call.json().deepCopy();
    ((ObjectNode) json.path("params")).set("arguments", tool.arguments().tree());
    return new Message(json);
  }

  /** Returns the digest of a called tool; asks the server first if it did not list the tool yet. */
  private String descriptor(Message call) throws InterruptedException {
    String tool = call.params().path("name").stringValue();
    Optional<String> known = catalog.hash(tool);
    if (known.isEmpty()) {
      listTools(call);
      known = catalog.hash(tool);
    }
    return known.orElse(GateRequest.UNLISTED);
  }

  private void listTools(Message call) throws InterruptedException {
    long deadline = System.nanoTime() + LIST_LIMIT.toNanos();
    Optional<String> cursor = Optional.empty();
    for (int page = 0; page < MAX_PAGES; page++) {
      String id = "indelible-" + UUID.randomUUID();
      CompletableFuture<JsonNode> answer = new CompletableFuture<>();
      ownListings.put('"' + id + '"', answer);
      try {
        forward(listing(id, cursor, call));
        JsonNode result = answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        cursor = result.path("nextCursor").asStringOpt();
      } catch (TimeoutException | ExecutionException e) {
        complain("the server did not list its tools");
        return;
      } finally {
        ownListings.remove('"' + id + '"');
      }
      if (cursor.isEmpty()) {
        return;
      }
    }
  }

  /** Returns a request for a page of the tools, with the protocol and client of a call. */
  private static Message listing(String id, Optional<String> cursor, Message call) {
    CanonicalWriter out = new CanonicalWriter().beginObject().member("id", id);
    out.member("jsonrpc", "2.0").member("method", Message.LIST_TOOLS).name("params").beginObject();
    if (call.isStateless()) {
      out.name("_meta").beginObject();
      for (Map.Entry<String, JsonNode> each : call.params().path("_meta").properties()) {
        if (each.getKey().startsWith(Message.META)) {
          out.name(each.getKey()).text(Message.text(each.getValue()));
        }
      }
      out.endObject();
    }
    return Message.of(out.member("cursor", cursor).endObject().endObject());
  }

  /**
   * Answers a refused call with a result that the model reads, and a refused read with an error.
   */
  private void refuse(Message call, Verdict verdict) {
    if (call.method().equals(Message.READ_RESOURCE)) {
      answer(
          call,
          call.error(Message.REFUSED, verdict.text(), Optional.of(out -> write(verdict, out))));
      return;
    }
    answer(
        call,
        call.result(
            out -> {
              out.name("_meta").beginObject().name("dev.indelible/decision").beginObject();
              write(verdict, out);
              out.endObject().endObject().name("content").beginArray().element().beginObject();
              out.member("text", verdict.text()).member("type", "text").endObject().endArray();
              out.member("isError", true);
              if (call.isStateless()) {
                out.member("resultType", "complete");
              }
            }));
  }

  private static void write(Verdict verdict, CanonicalWriter out) {
    out.member("decision", verdict.decision()).name("id").nullable(verdict.eventId());
    out.name("rule_id").nullable(verdict.ruleId());
  }

  // --- From the server ---------------------------------------------------------------------

  /** Handles a message of the server; ends the gateway if neither it nor an error can be sent. */
  @Override
  public void receive(Lines.Line line) {
    try {
      fromServer(line);
    } catch (Throwable e) { // The thread of the server must live on, or the client waits for ever.
      LOG.error("a message of the server cannot be handled", e);
      answerInstead(line, e);
    }
  }

  /** Answers an open request with a fault if a message is its answer; else ends the gateway. */
  private void answerInstead(Lines.Line line, Throwable fault) {
    try {
      Optional<JsonNode> id = Message.idIn(line.bytes(), line.isCut() ? line.tail() : line.bytes());
      if (id.isPresent() && takeOpen(Message.idText(id.get())).isPresent()) {
        toClient(failure(id.get(), fault.toString()));
        return;
      }
    } catch (Throwable e) { // For example no memory for the answer.
      fault.addSuppressed(e);
    }
    end("the gateway failed: " + fault);
  }

  private void fromServer(Lines.Line line) {
    Message message;
    try {
      if (line.isCut()) {
        throw new MessageException(
            Message.INTERNAL_ERROR,
            Message.idIn(line.bytes(), line.tail()),
            "the server's answer is longer than %s bytes".formatted(ServerProcess.MAX_LINE_BYTES));
      }
      message = Message.read(line.bytes()).requireExactMembers();
    } catch (MessageException e) {
      complain("dropped output of the server that is not a message: " + e.getMessage());
      e.id()
          .filter(id -> takeOpen(Message.idText(id)).isPresent())
          .ifPresent(id -> toClient(failure(id, String.valueOf(e.getMessage()))));
      return;
    }
    if (message.isResponse()) {
      response(message, line);
      return;
    }
    if (message.method().equals(Message.TOOLS_CHANGED)) {
      catalog.forget();
    }
    toClient(line.bytes());
  }

  /**
   * Passes a response on if it answers an open request. Otherwise a client that compares ids less
   * exactly could accept a list of tools that this gateway did not read.
   */
  private void response(Message response, Lines.Line line) {
    JsonNode result = response.json().path("result");
    CompletableFuture<JsonNode> own = ownListings.get(response.id());
    if (own != null) {
      catalog.list(result);
      own.complete(result);
      return;
    }
    boolean mayPass =
        !open.getOrDefault(response.id(), NOT_SENT).equals(Message.LIST_TOOLS)
            || catalog.show(result);
    // Closed only now, so that a failure so far can be its answer.
    if (takeOpen(response.id()).isEmpty()) {
      complain("the server answered no open request; dropped");
    } else if (mayPass) {
      toClient(line.bytes());
    } else {
      toClient(failure(response.json().path("id"), "a list of tools has look-alike members"));
    }
  }

  private static Message failure(JsonNode id, String problem) {
    return Message.error(
        new MessageException(
            Message.INTERNAL_ERROR,
            Optional.of(id),
            "the server's answer cannot be passed on: " + problem));
  }

  /** Closes an open request that was sent to the server, and returns its method. */
  private Optional<String> takeOpen(String id) {
    String method = open.getOrDefault(id, NOT_SENT);
    return !method.equals(NOT_SENT) && open.remove(id, method)
        ? Optional.of(method)
        : Optional.empty();
  }

  @Override
  public void end(String reason) {
    ending.complete(new Ending(true, reason));
  }

  // --- To the client -----------------------------------------------------------------------

  private void toClient(Message message) {
    toClient(message.bytes());
  }

  private void toClient(byte[] message) {
    synchronized (toClient) {
      toClient.write(message, 0, message.length);
      toClient.write('\n');
      if (toClient.checkError()) { // Flushes.
        ending.complete(new Ending(false, "the client does not read any more"));
      }
    }
  }

  /** Reports a fault to the person who runs the gateway, at most once a second. */
  private void complain(String problem) {
    complaints.ifDue(() -> LOG.warn("{}", Text.printable(Redactor.scrub(problem), 500)));
  }
}
