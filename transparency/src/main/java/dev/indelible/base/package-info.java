// SPDX-License-Identifier: Apache-2.0
/**
 * Mechanisms that every module uses, each in one place: functions that throw, waiting for threads.
 */
@NullMarked
package dev.indelible.base;

import org.jspecify.annotations.NullMarked;
