// SPDX-License-Identifier: Apache-2.0
/** The hook around any {@code DataSource}: asks before a write reaches the database. */
@NullMarked
package dev.indelible.jdbc;

import org.jspecify.annotations.NullMarked;
