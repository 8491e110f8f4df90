// SPDX-License-Identifier: Apache-2.0
/** A hook for JDBC that asks the gate before a write reaches the database. */
@NullMarked
package dev.indelible.jdbc;

import org.jspecify.annotations.NullMarked;
