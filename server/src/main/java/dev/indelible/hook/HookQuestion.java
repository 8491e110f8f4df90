// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

/**
 * A question of an agent to its hook.
 *
 * @param event the agent's name of the event, which some answers repeat
 * @param request the agent and its action
 */
public record HookQuestion(String event, GateRequest request) {}
