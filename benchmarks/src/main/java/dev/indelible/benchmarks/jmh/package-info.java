// SPDX-License-Identifier: Apache-2.0
/** The cost of one submit, measured by JMH. */
@NullMarked
package dev.indelible.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
