// SPDX-License-Identifier: Apache-2.0
/** Texts that are known in part: the arguments, paths and hosts of commands that have not run. */
@NullMarked
package dev.indelible.value;

import org.jspecify.annotations.NullMarked;
