// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.mcp.KnownTools;
import dev.indelible.mcp.KnownTools.Known;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "tool",
    description = "The known descriptors of tools that are called over MCP.",
    subcommands = {ToolCommand.ListTools.class, ToolCommand.Accept.class})
final class ToolCommand extends VerbGroup {
  private static CommandFailure unreadable(IOException cause) {
    return CommandFailure.failed("the known tools cannot be read or changed: %s", cause);
  }

  @Command(name = "list", description = "List the tools and the digests of their descriptors.")
  static final class ListTools extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      List<Known> known;
      try {
        known = new KnownTools(data().path()).list();
      } catch (IOException e) {
        throw unreadable(e);
      }
      if (json()) {
        known.forEach(
            tool ->
                console().json(out -> out.member("hash", tool.hash()).member("tool", tool.tool())));
      } else {
        Table table = new Table("tool", "descriptor");
        known.forEach(tool -> table.row(Console.printable(tool.tool()), tool.hash()));
        table.printOr("no tools yet", console());
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "accept",
      description = "Accept the descriptor of a tool, after a person has read it.",
      footer = {
        "",
        "A call of a tool whose descriptor has changed, or is new and cannot become known",
        "by itself, is stopped, and the reason names the digest. The acceptance is",
        "recorded as a tool.accepted event, and takes effect at once."
      })
  static final class Accept extends Verb {
    @Parameters(paramLabel = "TOOL", description = "the tool, as mcp__SERVER__TOOL")
    String tool = "";

    @Parameters(paramLabel = "DIGEST", description = "the descriptor, as sha256:…")
    String digest = "";

    @Mixin ReasonOption reason = new ReasonOption();

    @Mixin ByOption by = new ByOption();

    @Mixin AnchorOption anchor = new AnchorOption();

    @Override
    public Integer call() throws Exception {
      String why = reason.text();
      String who = by.name();
      CommandFailure.refuseIf(
          !KnownTools.isDigest(digest), "DIGEST: give sha256: and 64 hexadecimal digits");
      CommandFailure.refuseIf(tool.isBlank(), "TOOL: give a name, as mcp__SERVER__TOOL");
      requireDataDirectory();
      KnownTools known = new KnownTools(data().path());
      Optional<String> before;
      try {
        before = known.known(tool);
      } catch (IOException e) {
        throw unreadable(e);
      }
      record(
          new CanonicalWriter()
              .beginObject()
              .name("before")
              .nullable(before)
              .member("by", who)
              .member("hash", digest)
              .member("reason", why)
              .member("tool", tool)
              .endObject());
      try {
        known.accept(tool, digest);
      } catch (IOException e) {
        throw unreadable(e);
      }
      print(
          out -> out.member("hash", digest).member("tool", tool),
          "%s: the descriptor %s is accepted%s",
          Console.printable(tool),
          digest,
          before.isPresent() ? "" : "; the tool was not known");
      return ExitCode.OK;
    }

    private void record(CanonicalWriter details) throws Exception {
      Indelible log = openLog(anchor.file(), Run.NO_ACTION);
      boolean accepted = log.queue().submit(SystemEvent.of(SystemEvent.TOOL_ACCEPTED, details));
      closeWritten(log);
      if (!accepted) {
        throw CommandFailure.failed("the acceptance cannot be recorded, so nothing was changed");
      }
    }
  }
}
