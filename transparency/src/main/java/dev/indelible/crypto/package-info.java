// SPDX-License-Identifier: Apache-2.0
/** Ed25519 keys, signing and strict verification. */
@NullMarked
package dev.indelible.crypto;

import org.jspecify.annotations.NullMarked;
