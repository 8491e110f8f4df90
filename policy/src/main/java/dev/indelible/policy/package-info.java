// SPDX-License-Identifier: Apache-2.0
/** Rules, and what they say of an action. */
@NullMarked
package dev.indelible.policy;

import org.jspecify.annotations.NullMarked;
