// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * The streams that a command reads from and writes to.
 *
 * @param in standard input
 * @param out standard output, UTF-8
 * @param err standard error, UTF-8
 * @param outIsTerminal true if {@code out} is a terminal, and so is coloured
 * @param errIsTerminal true if {@code err} is a terminal, and so shows progress
 * @param nanoTime the clock of the progress, as {@link System#nanoTime}
 */
record Console(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean outIsTerminal,
    boolean errIsTerminal,
    LongSupplier nanoTime) {

  /** Returns the console of the process; the launcher states which streams are terminals. */
  static Console system() {
    boolean colour = System.getenv("NO_COLOR") == null;
    return new Console(
        System.in,
        new PrintStream(
            new StandardOutput(new FileOutputStream(FileDescriptor.out)),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(System.err, true, StandardCharsets.UTF_8),
        colour && Boolean.getBoolean("indelible.stdout.terminal"),
        colour && Boolean.getBoolean("indelible.stderr.terminal"),
        System::nanoTime);
  }

  /** Reads standard input, up to one byte more than a JSON text may have. */
  byte[] readInput() throws CommandFailure {
    try {
      return in.readNBytes(CanonicalJson.MAX_TEXT_BYTES + 1);
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    }
  }

  void line(String text) {
    out.print(text + '\n');
    show();
  }

  void line(String format, Object... values) {
    line(format.formatted(values));
  }

  void line() {
    line("");
  }

  /**
   * Prints a name and its {@link #printable} value.
   *
   * @param width the column of the value
   */
  void field(int width, String name, Object value) {
    field(width, name, value, text -> text);
  }

  /** Prints a name and its {@link #printable} value in a style. */
  void field(int width, String name, Object value, UnaryOperator<String> style) {
    line(
        faint(("%-" + width + "s").formatted(name))
            + style.apply(printable(String.valueOf(value))));
  }

  /** Prints a line on standard error for the person who runs the command. */
  void warn(String message) {
    err.println("indelible: " + printable(message));
  }

  /** Prints an object with these members as one line of JSON. */
  void json(Consumer<CanonicalWriter> members) {
    CanonicalWriter object = new CanonicalWriter().beginObject();
    members.accept(object);
    json(object.endObject().toBytes());
  }

  void json(byte[] object) {
    out.write(object, 0, object.length);
    out.write('\n');
    show();
  }

  /** Flushes each line to a terminal; other readers get many lines at a time. */
  private void show() {
    if (outIsTerminal) {
      out.flush();
    }
  }

  /**
   * Colours text.
   *
   * @param meaning the verdict or status that determines the colour
   */
  String byMeaning(String text, String meaning) {
    return switch (meaning) {
      case "allow", "ok", "intact", "proven", "recording" -> green(text);
      case "warn", "unknown", "escalate" -> yellow(text);
      case "refuse", "broken", "refuted", "tampered" -> red(text);
      default -> text;
    };
  }

  String green(String text) {
    return styled("32", text);
  }

  String yellow(String text) {
    return styled("33", text);
  }

  String red(String text) {
    return styled("31", text);
  }

  String bold(String text) {
    return styled("1", text);
  }

  String faint(String text) {
    return styled("2", text);
  }

  private String styled(String code, String text) {
    return outIsTerminal ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  /** Returns foreign text made safe to show, see {@link Text#printable}. */
  static String printable(String text) {
    return Text.printable(text);
  }

  /** Returns at most {@code width} characters of {@link #printable} text. */
  static String excerpt(String text, int width) {
    return Text.printable(text, width);
  }
}
