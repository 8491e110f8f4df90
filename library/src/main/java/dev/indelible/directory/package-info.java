// SPDX-License-Identifier: Apache-2.0
/**
 * The data directory of a log: its files, its keys, and its health while no process has it open.
 */
@NullMarked
package dev.indelible.directory;

import org.jspecify.annotations.NullMarked;
