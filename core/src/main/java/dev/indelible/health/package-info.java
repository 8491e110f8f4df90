// SPDX-License-Identifier: Apache-2.0
/** What is wrong with a log although it works, and how often that is logged. */
@NullMarked
package dev.indelible.health;

import org.jspecify.annotations.NullMarked;
