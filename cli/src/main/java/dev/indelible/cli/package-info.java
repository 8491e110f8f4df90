// SPDX-License-Identifier: Apache-2.0
/** The {@code indelible} command. */
@NullMarked
package dev.indelible.cli;

import org.jspecify.annotations.NullMarked;
