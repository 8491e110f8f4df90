// SPDX-License-Identifier: Apache-2.0
/** Where an agent's action meets the policy, and the decision goes on record. */
@NullMarked
package dev.indelible.gate;

import org.jspecify.annotations.NullMarked;
