// SPDX-License-Identifier: Apache-2.0
/** Rules, and their decisions about actions. */
@NullMarked
package dev.indelible.policy;

import org.jspecify.annotations.NullMarked;
