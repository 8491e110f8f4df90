// SPDX-License-Identifier: Apache-2.0
/** Where accepted events survive their process: memory-mapped segment files. */
@NullMarked
package dev.indelible.journal;

import org.jspecify.annotations.NullMarked;
