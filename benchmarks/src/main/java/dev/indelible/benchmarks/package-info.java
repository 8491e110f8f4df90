// SPDX-License-Identifier: Apache-2.0
/** Measures Indelible and comparable systems in one run. */
@NullMarked
package dev.indelible.benchmarks;

import org.jspecify.annotations.NullMarked;
