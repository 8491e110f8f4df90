// SPDX-License-Identifier: Apache-2.0
/** Opens a log and wires the modules: {@link dev.indelible.Indelible#open}. */
@NullMarked
package dev.indelible;

import org.jspecify.annotations.NullMarked;
