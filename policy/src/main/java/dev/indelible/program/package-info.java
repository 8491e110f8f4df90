// SPDX-License-Identifier: Apache-2.0
/** The table of programs: what the options and operands of a program mean to it. */
@NullMarked
package dev.indelible.program;

import org.jspecify.annotations.NullMarked;
