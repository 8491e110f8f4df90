// SPDX-License-Identifier: Apache-2.0
/** What an agent wants to do. */
@NullMarked
package dev.indelible.action;

import org.jspecify.annotations.NullMarked;
