// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayDeque;
import java.util.Deque;

/** Here-documents (bash manual 3.6.6) whose redirection has been read, but whose body has not. */
final class HereDocuments {
  private final Source source;
  private final Deque<Pending> pending = new ArrayDeque<>();

  HereDocuments(Source source) {
    this.source = source;
  }

  private record Pending(
      String delimiter, boolean isQuoted, boolean stripsTabs, HereDocument document) {}

  /**
   * Registers a here-document whose body begins on the next line.
   *
   * @param written the delimiter as written
   * @param word the parsed delimiter
   */
  HereDocument expect(String written, Word word, String operator) {
    HereDocument document = new HereDocument();
    // Bash does not expand the delimiter: a document with delimiter "$x" ends at a line "$x".
    String delimiter = word.literal().orElseGet(() -> unquoted(written));
    pending.add(new Pending(delimiter, word.hasQuotes(), operator.equals("<<-"), document));
    return document;
  }

  private static String unquoted(String written) {
    return written.replaceAll("[\"'\\\\]", "");
  }

  /** Reads the bodies of all registered documents. The position is at the start of a line. */
  void readAll() throws ShellSyntaxException {
    while (!pending.isEmpty()) {
      read(pending.remove());
    }
  }

  private void read(Pending next) throws ShellSyntaxException {
    String text = source.text;
    StringBuilder body = new StringBuilder();
    boolean isTerminated = false;
    while (!isTerminated && source.position < text.length()) {
      String line = line(next.isQuoted());
      if (next.stripsTabs()) {
        line = line.replaceFirst("^\t+", "");
      }
      isTerminated = line.equals(next.delimiter());
      if (!isTerminated) {
        body.append(line).append('\n');
      }
    }
    Word word;
    if (next.isQuoted()) {
      WordBuilder literal = new WordBuilder();
      literal.add(body, true);
      word = literal.build();
    } else {
      word = ShellParser.parseHereText(body.toString(), source.budget);
    }
    next.document().fill(word, isTerminated);
  }

  /**
   * Reads a line without its newline. A line that ends with a backslash is joined with the next
   * line, unless the delimiter is quoted.
   */
  private String line(boolean isQuoted) {
    StringBuilder line = new StringBuilder();
    while (true) {
      int end = source.text.indexOf('\n', source.position);
      int stop = end < 0 ? source.text.length() : end;
      line.append(source.text, source.position, stop);
      source.position = end < 0 ? stop : stop + 1;
      if (isQuoted || end < 0 || !endsWithOddBackslashes(line)) {
        return line.toString();
      }
      line.setLength(line.length() - 1);
    }
  }

  private static boolean endsWithOddBackslashes(CharSequence line) {
    int count = 0;
    while (count < line.length() && line.charAt(line.length() - 1 - count) == '\\') {
      count++;
    }
    return count % 2 == 1;
  }
}
