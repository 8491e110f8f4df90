// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

/**
 * The reason why a request is not answered by its endpoint.
 *
 * @param status the status code
 * @param title names the problem; equal for equal statuses
 * @param detail states what is wrong with this request and what to do
 */
record Problem(int status, String title, String detail) {
  /** Returns the problem details (RFC 9457), with the headers that the status requires. */
  Response response() {
    Response response = Response.problem(status, title, detail);
    return switch (status) {
      case 401 -> response.with("WWW-Authenticate", "Bearer");
      case 429 -> response.with("Retry-After", "1");
      default -> response;
    };
  }
}
