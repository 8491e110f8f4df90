// SPDX-License-Identifier: Apache-2.0
/** The ways to take events in that are held against each other. */
@NullMarked
package dev.indelible.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
