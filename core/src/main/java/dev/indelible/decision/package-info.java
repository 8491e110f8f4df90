// SPDX-License-Identifier: Apache-2.0
/** What the gate answers. */
@NullMarked
package dev.indelible.decision;

import org.jspecify.annotations.NullMarked;
