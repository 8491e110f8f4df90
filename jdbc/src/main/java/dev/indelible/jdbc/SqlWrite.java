// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

/**
 * A write in an SQL text.
 *
 * @param start the position of the statement in the text; distinguishes equal statements
 * @param sql the text of the statement, without the comments around it
 * @param operation the effect
 * @param namespace the target, as written but without quotes; empty if no name was found
 */
record SqlWrite(int start, String sql, Operation operation, String namespace) {}
