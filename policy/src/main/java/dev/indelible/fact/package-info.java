// SPDX-License-Identifier: Apache-2.0
/** What an action does: facts about paths, hosts and code, whatever road the action takes. */
@NullMarked
package dev.indelible.fact;

import org.jspecify.annotations.NullMarked;
