// SPDX-License-Identifier: Apache-2.0
/** The contenders: ways to accept and store events. */
@NullMarked
package dev.indelible.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
