// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.report.Page;

/** A part of the run that writes a section of the results page. */
@FunctionalInterface
interface Section {
  /** Measures, and writes the results to the page. */
  void measure(Workbench bench, Page page) throws Exception;
}
