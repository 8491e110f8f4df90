// SPDX-License-Identifier: Apache-2.0
/** The faults of a running log, and the throttling of their log lines. */
@NullMarked
package dev.indelible.health;

import org.jspecify.annotations.NullMarked;
