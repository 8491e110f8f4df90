// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.action.Custom;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.Refuse;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "gate",
    description =
        "Decide about a stream of actions: one JSON object a line in, one decision a line out.",
    footer = {
      "",
      "A line that cannot be read is refused, recorded as refused, and named on standard error;",
      "the stream goes on, and the exit status is 2 at its end."
    })
final class GateCommand extends Verb {
  /** Who is named when a line does not say who wants to act. */
  private static final String UNREADABLE_AGENT = "indelible:unreadable-input";

  private static final String UNREADABLE_RULE = "indelible.unreadable";

  @Option(
      names = "--format",
      paramLabel = "action|claude",
      defaultValue = "action",
      description =
          "action: {\"agent_id\":…,\"action\":{\"kind\":…}}; claude: recorded PreToolUse events of"
              + " Claude Code, for batches; 'hook claude-code' answers its hook (default: action)")
  Format format = Format.action;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    boolean unreadable = false;
    Indelible indelible = openLog(anchor.file(), true);
    try (Progress progress = new Progress(console(), "decided")) {
      Lines lines = new Lines(new AnswersFirst(console()));
      byte[] line = lines.next();
      while (line != null) {
        unreadable |= !decide(indelible, lines.number(), line);
        progress.at(lines.number());
        line = lines.next();
      }
      if (console().out().checkError()) {
        throw CommandFailure.failed(
            "nobody reads the decisions any more; stopped at line " + lines.number());
      }
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    } finally {
      settle(indelible);
    }
    return unreadable ? ExitCode.USAGE : ExitCode.OK;
  }

  /** Decides about one line; returns whether it could be read. */
  private boolean decide(Indelible indelible, long number, byte[] line) throws CommandFailure {
    try {
      GateInput input =
          format == Format.claude ? ClaudeHookEvent.readInput(line) : GateInput.fromEnvelope(line);
      print(input.agentId(), indelible.gate().record(input.agentId(), input.action()));
      return true;
    } catch (JsonFormatException e) {
      console()
          .err()
          .println(
              "indelible: line "
                  + number
                  + ": "
                  + Console.printable(String.valueOf(e.getMessage()))
                  + "; refused");
      print(UNREADABLE_AGENT, refuse(indelible, number, line, String.valueOf(e.getMessage())));
      return false;
    }
  }

  /** A line that cannot be read is on record too, by its size and digest. */
  private static RecordedDecision refuse(
      Indelible indelible, long number, byte[] line, String problem) {
    JsonValue payload =
        JsonValue.of(
            new CanonicalWriter()
                .beginObject()
                .member("bytes", line.length)
                .member("line", number)
                .hexMember("sha256", Sha256.hash(line))
                .endObject());
    return indelible
        .gate()
        .record(
            UNREADABLE_AGENT,
            new Custom("unreadable_input", payload),
            new Refuse(UNREADABLE_RULE, Console.excerpt(problem, 500)));
  }

  private void print(String agentId, RecordedDecision recorded) throws CommandFailure {
    UUID id =
        recorded
            .eventId()
            .orElseThrow(() -> CommandFailure.failed(recorded.decision().reason().orElse("")));
    console().json(DecisionLine.json(agentId, recorded.decision(), id));
  }

  /** What a line holds. */
  enum Format {
    action,
    claude
  }

  /**
   * Sends out the answers so far before it waits for more input, because who asks may be waiting
   * for them. Ends when nobody reads the answers any more.
   */
  private static final class AnswersFirst extends FilterInputStream {
    private final PrintStream answers;

    AnswersFirst(Console console) {
      super(console.in());
      this.answers = console.out();
    }

    @Override
    public int read(byte[] into, int at, int length) throws IOException {
      // Checking flushes.
      return answers.checkError() ? -1 : super.read(into, at, length);
    }
  }

  /** The lines of a stream, as bytes, without their ends; empty ones are passed over. */
  static final class Lines {
    /** Longest line that is kept; a longer one is cut, and then does not read as JSON. */
    private static final int MAX_BYTES = CanonicalJson.MAX_TEXT_BYTES;

    private static final int READ_BYTES = 1 << 16;

    private final BufferedInputStream in;
    private long number;

    Lines(InputStream in) {
      this.in = new BufferedInputStream(in, READ_BYTES);
    }

    /** The next line; null at the end. */
    byte @Nullable [] next() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int c = in.read();
      while (c >= 0) {
        if (c == '\n') {
          number++;
          if (!isBlank(line)) {
            return line.toByteArray();
          }
          line.reset();
        } else if (line.size() <= MAX_BYTES) {
          line.write(c);
        }
        c = in.read();
      }
      if (isBlank(line)) {
        return null;
      }
      number++;
      return line.toByteArray();
    }

    long number() {
      return number;
    }

    private static boolean isBlank(ByteArrayOutputStream line) {
      return line.size() == 0 || line.size() == 1 && line.toByteArray()[0] == '\r';
    }
  }
}
