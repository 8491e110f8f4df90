// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.encoding.AgentIds;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.ClaudeCode;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.mcp.ToolGate;
import dev.indelible.policy.Redactor;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "gate",
    description = "Decide about a stream of actions: a JSON object per line, a decision per line.",
    footer = {
      "",
      "A line is {\"agent_id\":\"agent:alice\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}.",
      "A line that cannot be read is refused, recorded as refused, and reported on",
      "standard error; the stream continues, and the exit status at its end is 2.",
      "",
      "At the end of its input, the command waits while events are being appended.",
      "Exit status: 0 all decisions are in the ledger; 5 all are in the journal, and",
      "some wait for the ledger; 2 a line could not be read; 1 failure."
    })
final class GateCommand extends Verb {
  @Option(
      names = "--format",
      paramLabel = "action|claude",
      defaultValue = "action",
      description =
          "action: {\"agent_id\":…,\"action\":{\"kind\":…}}; claude: a batch of recorded PreToolUse"
              + " events of Claude Code; its live hook is 'hook claude-code' (default: action)")
  Format format = Format.action;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    boolean unreadable = false;
    boolean written = false;
    Indelible indelible = openLog(anchor.file(), Run.STREAM);
    ToolGate tools = new ToolGate(indelible);
    try (Progress progress = new Progress(console(), "decided")) {
      Lines lines = new Lines(new AnswersFirst(console()));
      byte[] line = lines.next();
      while (line != null) {
        unreadable |= !decide(indelible, tools, lines.number(), line);
        progress.at(lines.number());
        line = lines.next();
      }
      if (console().out().checkError()) {
        throw CommandFailure.failed(
            "standard output is closed, so nobody reads the decisions; stopped at line %s",
            lines.number());
      }
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    } finally {
      written = closeStream(indelible);
    }
    if (unreadable) {
      return ExitCode.USAGE;
    }
    return written ? ExitCode.OK : ExitCode.WAITING;
  }

  /** Decides about one line; refuses a line that cannot be read, and returns false. */
  private boolean decide(Indelible indelible, ToolGate tools, long number, byte[] line)
      throws CommandFailure {
    try {
      GateRequest input =
          format == Format.claude ? ClaudeCode.readRecorded(line) : GateRequest.read(line);
      print(input.agentId(), tools.record(input));
      return true;
    } catch (JsonFormatException e) {
      String message = Redactor.scrub(String.valueOf(e.getMessage()));
      warn("line " + number + ": " + message + "; refused");
      String problem = Console.excerpt(message, 500);
      print(AgentIds.UNREADABLE_INPUT, indelible.gate().refuseUnreadable(line, number, problem));
      return false;
    }
  }

  private void print(String agentId, RecordedDecision recorded) throws CommandFailure {
    console().json(out -> recorded.write(agentId, out));
    if (recorded.eventId().isEmpty()) {
      throw CommandFailure.failed(recorded.decision().reason().orElse(""));
    }
  }

  /** Forms of an input line. */
  enum Format {
    action,
    claude
  }

  /**
   * Flushes the answers before it reads more input, because the caller may wait for them. The input
   * ends when nobody reads the answers any more.
   */
  private static final class AnswersFirst extends FilterInputStream {
    private final PrintStream answers;

    AnswersFirst(Console console) {
      super(console.in());
      this.answers = console.out();
    }

    @Override
    public int read(byte[] into, int at, int length) throws IOException {
      // checkError flushes.
      return answers.checkError() ? -1 : super.read(into, at, length);
    }
  }

  /** Reads the lines of a stream as bytes, without newlines and without empty lines. */
  static final class Lines {
    /**
     * Maximum number of bytes kept of a line. A longer line is cut, so it is not valid JSON and is
     * refused.
     */
    private static final int MAX_BYTES = CanonicalJson.MAX_TEXT_BYTES;

    private static final int READ_BYTES = 1 << 16;

    private final BufferedInputStream in;
    private long number;

    Lines(InputStream in) {
      this.in = new BufferedInputStream(in, READ_BYTES);
    }

    /** Returns the next line; null at the end. */
    byte @Nullable [] next() throws IOException {
      while (true) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int c = in.read();
        for (; c >= 0 && c != '\n'; c = in.read()) {
          if (line.size() <= MAX_BYTES) {
            line.write(c);
          }
        }
        boolean blank = line.size() == 0 || line.size() == 1 && line.toByteArray()[0] == '\r';
        if (c < 0 && blank) {
          return null;
        }
        number++;
        if (!blank) {
          return line.toByteArray();
        }
      }
    }

    long number() {
      return number;
    }
  }
}
