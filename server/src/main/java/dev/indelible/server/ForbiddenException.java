// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

/** Thrown for a request that the caller's credential does not permit; the client gets 403. */
final class ForbiddenException extends Exception {
  private static final long serialVersionUID = 1;

  ForbiddenException(String message) {
    super(message);
  }
}
