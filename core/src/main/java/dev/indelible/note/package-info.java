// SPDX-License-Identifier: Apache-2.0
/**
 * Events that the log writes about itself (keys, tallies, erasures, tampering), and the history of
 * its keys.
 */
@NullMarked
package dev.indelible.note;

import org.jspecify.annotations.NullMarked;
