// SPDX-License-Identifier: Apache-2.0
/**
 * Chains that another system wrote: checked by that system's own rules, and taken over. What such a
 * chain lacks, above all a signature over its end, a row of this log's chain then gives it.
 */
@NullMarked
package dev.indelible.adopt;

import org.jspecify.annotations.NullMarked;
