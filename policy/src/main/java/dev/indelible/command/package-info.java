// SPDX-License-Identifier: Apache-2.0
/** Commands that a script runs in the end: wrappers removed, constants resolved. */
@NullMarked
package dev.indelible.command;

import org.jspecify.annotations.NullMarked;
