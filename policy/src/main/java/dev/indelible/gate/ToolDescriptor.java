// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.decision.Escalate;
import java.util.Optional;

/**
 * The descriptor of a called tool (its name, description and schemas), as the tool's server lists
 * it.
 *
 * @param hash the digest of the descriptor, as {@code sha256:…}, for the record; empty if there is
 *     no descriptor
 * @param objection the decision in place of one that permits; empty if the descriptor is the one
 *     that is known
 */
public record ToolDescriptor(Optional<String> hash, Optional<Escalate> objection) {}
