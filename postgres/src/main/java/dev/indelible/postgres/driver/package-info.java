// SPDX-License-Identifier: Apache-2.0
/** What PostgreSQL's driver creates by name. */
@NullMarked
package dev.indelible.postgres.driver;

import org.jspecify.annotations.NullMarked;
