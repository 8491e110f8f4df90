// SPDX-License-Identifier: Apache-2.0
/** What was measured, as a page to read. */
@NullMarked
package dev.indelible.benchmarks.report;

import org.jspecify.annotations.NullMarked;
