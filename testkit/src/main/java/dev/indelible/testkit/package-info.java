// SPDX-License-Identifier: Apache-2.0
/** Tools that the tests of several modules share. Used by tests alone; uses no other module. */
@NullMarked
package dev.indelible.testkit;

import org.jspecify.annotations.NullMarked;
