// SPDX-License-Identifier: Apache-2.0
/** Checks a chain from its rows and public keys. */
@NullMarked
package dev.indelible.verify;

import org.jspecify.annotations.NullMarked;
