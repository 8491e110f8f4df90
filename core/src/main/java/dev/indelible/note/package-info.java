// SPDX-License-Identifier: Apache-2.0
/**
 * Notes of the log in its own chain: keys, tallies, erasures, tampering; and the keys they imply.
 */
@NullMarked
package dev.indelible.note;

import org.jspecify.annotations.NullMarked;
