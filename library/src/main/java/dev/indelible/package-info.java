// SPDX-License-Identifier: Apache-2.0
/** The front door: {@link dev.indelible.Indelible#open} and what it takes. */
@NullMarked
package dev.indelible;

import org.jspecify.annotations.NullMarked;
