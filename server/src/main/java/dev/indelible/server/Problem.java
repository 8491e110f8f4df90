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
  /** The title of a refusal that may be an answer a second later. */
  static final String BUSY = "Too busy";

  /** Returns the problem details (RFC 9457), with the headers that the status requires. */
  Response response() {
    Response response = Response.problem(status, title, detail);
    if (status == 401) {
      return response.with("WWW-Authenticate", "Bearer");
    }
    return status == 429 || title.equals(BUSY) ? response.with("Retry-After", "1") : response;
  }
}
