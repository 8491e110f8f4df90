// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.decision.Escalate;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The descriptor of a called tool (its name, description and schemas), as the tool's server lists
 * it.
 *
 * @param hash the digest of the descriptor, as {@code sha256:…}, for the record; empty if there is
 *     no descriptor
 * @param objection returns the decision that replaces one that permits, or empty if the descriptor
 *     equals the known one; invoked only for a tool call that the policy permits, because it may
 *     store the descriptor as known
 */
public record ToolDescriptor(Optional<String> hash, Supplier<Optional<Escalate>> objection) {}
