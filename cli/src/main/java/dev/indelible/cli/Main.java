// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.OpenException;
import dev.indelible.access.ApiKeyException;
import dev.indelible.cli.StandardOutput.OutputFailure;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningException;
import dev.indelible.directory.DirectoryException;
import dev.indelible.encoding.ClockException;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.sqlite.SqliteLibrary;
import dev.indelible.tlog.LogDirectoryException;
import dev.indelible.witness.WitnessException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point of the command; turns every failure into one line and an exit status. */
public final class Main {
  /** The system property with the directory of the native libraries; the launcher sets it. */
  static final String LIBRARIES = "indelible.libraries";

  /** Failures whose messages are for the person who runs the command. */
  private static final List<Class<? extends Exception>> UNREADABLE =
      List.of(
          ApiKeyException.class,
          ClockException.class,
          DirectoryException.class,
          OpenException.class,
          KeyException.class,
          LedgerException.class,
          PolicyException.class,
          JsonFormatException.class,
          LogDirectoryException.class,
          SigningException.class,
          WitnessException.class);

  private Main() {}

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    // Text is English with ASCII digits in every locale.
    Locale.setDefault(Locale.ROOT);
    useOwnSqlite();
    int status = run(Console.system(), args);
    System.exit(status);
  }

  /** Loads SQLite's library from the directory beside the jar that the launcher names. */
  private static void useOwnSqlite() {
    String libraries = System.getProperty(LIBRARIES);
    if (libraries != null) {
      SqliteLibrary.useUnpacked(Path.of(libraries));
    }
  }

  /** Runs the command. */
  static int run(Console console, String... args) {
    Root root = new Root(console);
    CommandLine command = new CommandLine(root);
    Verbs.addNamed(command, args);
    command.registerConverter(Path.class, Usage::path);
    command.registerConverter(long.class, Usage::wholeNumber);
    command.registerConverter(int.class, Usage::count);
    // Help is printed below, because picocli itself reports a failure of its writer.
    StringWriter help = new StringWriter();
    command.setOut(new PrintWriter(help));
    command.setErr(new PrintWriter(console.err(), true));
    command.setExecutionStrategy(Main::runVerb);
    command.setParameterExceptionHandler((wrong, all) -> usage(console, wrong));
    command.setExecutionExceptionHandler((failure, line, parsed) -> report(root, failure));
    try {
      int status = command.execute(args);
      console.out().print(help);
      console.out().flush();
      return status;
    } catch (OutputFailure e) {
      return report(root, e);
    }
  }

  /** Runs the verb, unless it cannot print the requested output format. */
  private static int runVerb(ParseResult parsed) {
    CommandLine verb = parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
    Root root = (Root) verb.getCommandSpec().root().userObject();
    if (root.output == Root.Output.csv
        && !(verb.getCommand() instanceof Verb each && each.printsCsv())) {
      throw new ParameterException(verb, "--output csv: only 'log list' prints CSV");
    }
    return new RunLast().execute(parsed);
  }

  private static int usage(Console console, ParameterException wrong) {
    String verb = wrong.getCommandLine().getCommandSpec().qualifiedName();
    String message =
        wrong instanceof UnmatchedArgumentException unmatched
            ? Usage.unmatched(unmatched)
            : Usage.describe(wrong);
    console.warn(message + "; see '" + verb + " --help'");
    return ExitCode.USAGE;
  }

  /**
   * Prints a stack trace. It may quote foreign text, which must not control the terminal or forge a
   * line.
   */
  private static void printTrace(Console console, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      console.err().println(Console.printable(Redactor.scrub(cause.toString())));
      for (StackTraceElement frame : cause.getStackTrace()) {
        console.err().println("    at " + frame);
      }
    }
  }

  /** Prints a failure in one line, and returns its exit status. */
  static int report(Root root, Throwable failure) {
    Console console = root.console;
    console.out().flush();
    if (root.verbose) {
      printTrace(console, failure);
    }
    // An error in an action may quote it.
    String message = Redactor.scrub(String.valueOf(failure.getMessage()));
    if (failure instanceof OutputFailure) {
      console.warn(message);
      return ExitCode.FAILED;
    }
    if (failure instanceof CommandFailure ended) {
      console.warn(message);
      return ended.exitCode();
    }
    if (UNREADABLE.stream().anyMatch(type -> type.isInstance(failure))) {
      console.warn(message);
      return isContradicted(failure) ? ExitCode.FAILED : ExitCode.USAGE;
    }
    console.warn(
        "internal failure: "
            + Redactor.scrub(failure.toString())
            + "; run again with --verbose and report it");
    return ExitCode.FAILED;
  }

  /** Returns true if data contradicts signed or published evidence, which is not a usage error. */
  private static boolean isContradicted(Throwable failure) {
    return failure instanceof EvidenceException evidence && evidence.isContradicted()
        || failure instanceof LogDirectoryException directory && directory.isContradicted();
  }
}
