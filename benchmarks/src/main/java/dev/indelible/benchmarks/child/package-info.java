// SPDX-License-Identifier: Apache-2.0
/** Measurements in JVMs of their own, so that none affects another. */
@NullMarked
package dev.indelible.benchmarks.child;

import org.jspecify.annotations.NullMarked;
