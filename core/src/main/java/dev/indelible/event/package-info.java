// SPDX-License-Identifier: Apache-2.0
/** What goes on record, with its identity and its bytes. */
@NullMarked
package dev.indelible.event;

import org.jspecify.annotations.NullMarked;
