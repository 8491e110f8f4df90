// SPDX-License-Identifier: Apache-2.0
/**
 * Verifies the chains of ai-memory 0.7 by that system's rules, and adopts them: a signed row of our
 * chain then covers every row of theirs, including the last, which nothing covers in their format.
 */
@NullMarked
package dev.indelible.aimemory;

import org.jspecify.annotations.NullMarked;
