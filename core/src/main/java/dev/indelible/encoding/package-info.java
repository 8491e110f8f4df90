// SPDX-License-Identifier: Apache-2.0
/** Encoding of the values of a record: agent ids, times, keys of ids, and the record itself. */
@NullMarked
package dev.indelible.encoding;

import org.jspecify.annotations.NullMarked;
