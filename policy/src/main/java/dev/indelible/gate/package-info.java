// SPDX-License-Identifier: Apache-2.0
/** The gate: decides about actions by a policy, and records the decisions. */
@NullMarked
package dev.indelible.gate;

import org.jspecify.annotations.NullMarked;
