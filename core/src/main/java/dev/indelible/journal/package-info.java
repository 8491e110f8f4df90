// SPDX-License-Identifier: Apache-2.0
/** The journal: memory-mapped files in which accepted events survive their process. */
@NullMarked
package dev.indelible.journal;

import org.jspecify.annotations.NullMarked;
