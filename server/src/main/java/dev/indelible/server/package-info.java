// SPDX-License-Identifier: Apache-2.0
/**
 * Answers HTTP requests about one open log. Endpoints are functions from a {@link
 * dev.indelible.server.Request} to a {@link dev.indelible.server.Response}; only {@link
 * dev.indelible.server.HttpServer} knows the HTTP server.
 */
@NullMarked
package dev.indelible.server;

import org.jspecify.annotations.NullMarked;
