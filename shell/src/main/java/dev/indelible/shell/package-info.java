// SPDX-License-Identifier: Apache-2.0
/**
 * Parses bash scripts into nodes. Uses no other package of this project.
 *
 * <p>{@link dev.indelible.shell.ShellParser} reads the POSIX grammar (IEEE Std 1003.1-2017, XCU
 * chapter 2) and the extensions of GNU bash 5.2 (its manual, chapter 3). The nodes are immutable
 * records.
 */
@NullMarked
package dev.indelible.shell;

import org.jspecify.annotations.NullMarked;
