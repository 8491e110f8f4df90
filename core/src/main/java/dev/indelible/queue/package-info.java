// SPDX-License-Identifier: Apache-2.0
/** The queue between the caller and the chain, and the counters of a run. */
@NullMarked
package dev.indelible.queue;

import org.jspecify.annotations.NullMarked;
