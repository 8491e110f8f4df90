// SPDX-License-Identifier: Apache-2.0
/** Events to be recorded, with their ids and their encoding. */
@NullMarked
package dev.indelible.event;

import org.jspecify.annotations.NullMarked;
