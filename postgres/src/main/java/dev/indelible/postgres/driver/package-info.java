// SPDX-License-Identifier: Apache-2.0
/** Classes that PostgreSQL's driver creates by name. */
@NullMarked
package dev.indelible.postgres.driver;

import org.jspecify.annotations.NullMarked;
