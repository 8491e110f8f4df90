// SPDX-License-Identifier: Apache-2.0
/** Measurements of Indelible, and of its peers beside it, in one run. */
@NullMarked
package dev.indelible.benchmarks;

import org.jspecify.annotations.NullMarked;
