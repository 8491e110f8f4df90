// SPDX-License-Identifier: Apache-2.0
/** The load every contender gets, and what is noted of it. */
@NullMarked
package dev.indelible.benchmarks.load;

import org.jspecify.annotations.NullMarked;
