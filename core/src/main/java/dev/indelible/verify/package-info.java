// SPDX-License-Identifier: Apache-2.0
/** Options and results of a verification. */
@NullMarked
package dev.indelible.verify;

import org.jspecify.annotations.NullMarked;
