// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

/**
 * One write that a text of SQL asks for.
 *
 * @param start where its statement begins in the text; tells two equal statements apart
 * @param sql the text of its statement, without the comments around it
 * @param operation what it does
 * @param namespace what it does it to, as written but unquoted; empty if no name was found
 */
record SqlWrite(int start, String sql, Operation operation, String namespace) {}
