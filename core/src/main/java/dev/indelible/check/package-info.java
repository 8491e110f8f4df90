// SPDX-License-Identifier: Apache-2.0
/** The verification of a log: one pass over its rows, with one check for each property. */
@NullMarked
package dev.indelible.check;

import org.jspecify.annotations.NullMarked;
