// SPDX-License-Identifier: Apache-2.0
/** Credentials of the daemon's callers, and their roles. */
@NullMarked
package dev.indelible.access;

import org.jspecify.annotations.NullMarked;
