// SPDX-License-Identifier: Apache-2.0
/** The hooks of agents: how each asks before it acts, and which answers it understands. */
@NullMarked
package dev.indelible.hook;

import org.jspecify.annotations.NullMarked;
