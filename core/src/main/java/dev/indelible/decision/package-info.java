// SPDX-License-Identifier: Apache-2.0
/** Decisions: the answers of the gate. */
@NullMarked
package dev.indelible.decision;

import org.jspecify.annotations.NullMarked;
