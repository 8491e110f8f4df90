// SPDX-License-Identifier: Apache-2.0
/** Finds secrets in texts and replaces them by markers. */
@NullMarked
package dev.indelible.redaction;

import org.jspecify.annotations.NullMarked;
