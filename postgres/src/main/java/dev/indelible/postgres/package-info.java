// SPDX-License-Identifier: Apache-2.0
/** The ledger in PostgreSQL: writer, reader, schema. */
@NullMarked
package dev.indelible.postgres;

import org.jspecify.annotations.NullMarked;
