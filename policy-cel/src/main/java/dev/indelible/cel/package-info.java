// SPDX-License-Identifier: Apache-2.0
/** Conditions of rules in CEL, the Common Expression Language. */
@NullMarked
package dev.indelible.cel;

import org.jspecify.annotations.NullMarked;
