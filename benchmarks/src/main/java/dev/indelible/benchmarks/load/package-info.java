// SPDX-License-Identifier: Apache-2.0
/** The events that contenders receive, and the counting of those that they stored. */
@NullMarked
package dev.indelible.benchmarks.load;

import org.jspecify.annotations.NullMarked;
