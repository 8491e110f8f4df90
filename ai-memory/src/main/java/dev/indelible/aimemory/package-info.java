// SPDX-License-Identifier: Apache-2.0
/**
 * Verifies the chains of ai-memory 0.7 by that system's rules, and adopts them. After adoption, a
 * signed row of this log covers every row of the other chain. In that chain itself, no hash covers
 * the last row.
 */
@NullMarked
package dev.indelible.aimemory;

import org.jspecify.annotations.NullMarked;
