// SPDX-License-Identifier: Apache-2.0
/**
 * Tools that the tests of several modules share. This module uses no other module, and only tests
 * use it.
 */
@NullMarked
package dev.indelible.testkit;

import org.jspecify.annotations.NullMarked;
