// SPDX-License-Identifier: Apache-2.0
/** Threads that follow a log: one asks its witnesses, one appends its checkpoints to a file. */
@NullMarked
package dev.indelible.follow;

import org.jspecify.annotations.NullMarked;
