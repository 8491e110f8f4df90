// SPDX-License-Identifier: Apache-2.0
/** The faults of a log that works, and how often they are logged. */
@NullMarked
package dev.indelible.health;

import org.jspecify.annotations.NullMarked;
