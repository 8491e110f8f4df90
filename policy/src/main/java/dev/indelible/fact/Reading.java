// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.Surroundings;

/**
 * An action as it was read.
 *
 * @param facts what it does
 * @param surroundings where it takes place
 */
public record Reading(Facts facts, Surroundings surroundings) {}
