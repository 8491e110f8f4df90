// SPDX-License-Identifier: Apache-2.0
/**
 * Tools that the tests of several modules share. Only tests use it, and it uses no other module.
 */
@NullMarked
package dev.indelible.testkit;

import org.jspecify.annotations.NullMarked;
