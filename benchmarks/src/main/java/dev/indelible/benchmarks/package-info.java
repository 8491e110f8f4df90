// SPDX-License-Identifier: Apache-2.0
/** Measurements of Indelible and its peers in one run. */
@NullMarked
package dev.indelible.benchmarks;

import org.jspecify.annotations.NullMarked;
