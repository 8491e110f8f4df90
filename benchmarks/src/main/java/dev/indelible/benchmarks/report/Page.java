// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.report;

import java.io.IOException;
import java.nio.file.Path;

/** The page of results. Not thread-safe. */
public final class Page {
  private final MarkdownTable targets = new MarkdownTable("target", "wanted", "measured", "met");
  private final StringBuilder body = new StringBuilder();

  /** Begins a section. */
  public Page section(String title) {
    body.append("\n## ").append(title).append("\n");
    return this;
  }

  /** Adds a paragraph. */
  public Page text(String text) {
    body.append('\n').append(text.strip()).append('\n');
    return this;
  }

  /** Adds a table. */
  public Page table(MarkdownTable table) {
    body.append('\n').append(table);
    return this;
  }

  /** Adds a row to the table of targets. */
  public Page target(String what, String wanted, String measured, boolean met) {
    targets.row(what, wanted, measured, met ? "yes" : "**no**");
    return this;
  }

  /** Returns the page. It begins with {@link Machine#describe}. */
  public String render(Path work, Path home, String command, String flags) throws IOException {
    return "# Results\n\nWritten by one run. The text below each table explains how it was measured.\n\n"
        + Machine.describe(work, home, command, flags)
        + (targets.isEmpty() ? "" : "\n## Targets\n\n" + targets)
        + body;
  }
}
