// SPDX-License-Identifier: Apache-2.0
/** What one submit costs, by JMH. */
@NullMarked
package dev.indelible.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
