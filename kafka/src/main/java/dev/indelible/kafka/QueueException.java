// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import org.jspecify.annotations.Nullable;

/** Thrown if a queue cannot be used: a wrong address, a missing topic, no broker that answers. */
public final class QueueException extends Exception {
  private static final long serialVersionUID = 1;

  public QueueException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  public QueueException(String message) {
    this(message, null);
  }
}
