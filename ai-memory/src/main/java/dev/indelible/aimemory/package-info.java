// SPDX-License-Identifier: Apache-2.0
/**
 * Verifies the chains of ai-memory 0.7 by that system's rules, and adopts them: a signed row of
 * this log then covers every row of the other chain, including the last, which nothing covers in
 * that format.
 */
@NullMarked
package dev.indelible.aimemory;

import org.jspecify.annotations.NullMarked;
