// SPDX-License-Identifier: Apache-2.0
/**
 * Events that the log writes about itself (keys, tallies, erasures, tampering), the history of its
 * keys, and the check of a single row with those keys.
 */
@NullMarked
package dev.indelible.note;

import org.jspecify.annotations.NullMarked;
