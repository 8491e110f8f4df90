// SPDX-License-Identifier: Apache-2.0
/**
 * Code that all modules use: durable files, functions that throw, waiting for threads, throttling,
 * checks of text.
 */
@NullMarked
package dev.indelible.base;

import org.jspecify.annotations.NullMarked;
