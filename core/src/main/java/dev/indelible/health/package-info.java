// SPDX-License-Identifier: Apache-2.0
/** The health of a log: its state and its faults. */
@NullMarked
package dev.indelible.health;

import org.jspecify.annotations.NullMarked;
