// SPDX-License-Identifier: Apache-2.0
/** Each measurement in a JVM of its own, so that none warms or starves another. */
@NullMarked
package dev.indelible.benchmarks.child;

import org.jspecify.annotations.NullMarked;
