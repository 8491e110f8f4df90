// SPDX-License-Identifier: Apache-2.0
/** Reports of a log about itself: its health, with each fault, and its metrics. */
@NullMarked
package dev.indelible.health;

import org.jspecify.annotations.NullMarked;
