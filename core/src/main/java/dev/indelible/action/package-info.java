// SPDX-License-Identifier: Apache-2.0
/** Actions that agents want to take. */
@NullMarked
package dev.indelible.action;

import org.jspecify.annotations.NullMarked;
