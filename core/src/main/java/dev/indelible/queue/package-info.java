// SPDX-License-Identifier: Apache-2.0
/** Where an event waits between the caller and the chain. */
@NullMarked
package dev.indelible.queue;

import org.jspecify.annotations.NullMarked;
