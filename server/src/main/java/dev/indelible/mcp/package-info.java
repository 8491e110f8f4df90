// SPDX-License-Identifier: Apache-2.0
/**
 * The Model Context Protocol: a gateway that asks the gate before a client's calls reach a server,
 * and the tools that the daemon offers.
 */
@NullMarked
package dev.indelible.mcp;

import org.jspecify.annotations.NullMarked;
