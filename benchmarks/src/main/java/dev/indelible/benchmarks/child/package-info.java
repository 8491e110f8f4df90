// SPDX-License-Identifier: Apache-2.0
/** Measurements, each in a separate JVM, so that none affects another. */
@NullMarked
package dev.indelible.benchmarks.child;

import org.jspecify.annotations.NullMarked;
