// SPDX-License-Identifier: Apache-2.0
/** The load of the contenders, and the counts of it. */
@NullMarked
package dev.indelible.benchmarks.load;

import org.jspecify.annotations.NullMarked;
