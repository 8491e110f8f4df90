// SPDX-License-Identifier: Apache-2.0
/** Canonical JSON (RFC 8785), the form in which data is hashed and signed. */
@NullMarked
package dev.indelible.json;

import org.jspecify.annotations.NullMarked;
