// SPDX-License-Identifier: Apache-2.0
/** A fleet: the shards of a log, and the log of logs that holds their checkpoints. */
@NullMarked
package dev.indelible.fleet;

import org.jspecify.annotations.NullMarked;
