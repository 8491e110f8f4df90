// SPDX-License-Identifier: Apache-2.0
/**
 * What an action does: facts about paths, hosts and code, in the same form for every kind of
 * action.
 */
@NullMarked
package dev.indelible.fact;

import org.jspecify.annotations.NullMarked;
