// SPDX-License-Identifier: Apache-2.0
/** Commands that a script finally runs: wrappers removed, constants resolved. */
@NullMarked
package dev.indelible.command;

import org.jspecify.annotations.NullMarked;
