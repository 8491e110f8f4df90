// SPDX-License-Identifier: Apache-2.0
/** Languages for conditions in rules, each in a module of its own. */
@NullMarked
package dev.indelible.expression;

import org.jspecify.annotations.NullMarked;
