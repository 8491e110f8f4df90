// SPDX-License-Identifier: Apache-2.0
/** Canonical forms of paths and hosts, and the patterns that rules compare with them. */
@NullMarked
package dev.indelible.canonical;

import org.jspecify.annotations.NullMarked;
