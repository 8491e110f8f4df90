// SPDX-License-Identifier: Apache-2.0
/** The page of results. */
@NullMarked
package dev.indelible.benchmarks.report;

import org.jspecify.annotations.NullMarked;
