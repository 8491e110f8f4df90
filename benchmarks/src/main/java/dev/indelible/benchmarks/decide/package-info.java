// SPDX-License-Identifier: Apache-2.0
/** Policies whose decisions are timed side by side, and the actions that they decide about. */
@NullMarked
package dev.indelible.benchmarks.decide;

import org.jspecify.annotations.NullMarked;
