// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.ClusterResource;
import org.apache.kafka.common.ClusterResourceListener;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Notices that a consumer has new metadata. A consumer gets new metadata before it reads from a
 * topic that was created again. Kafka notifies a deserializer that is a listener.
 */
final class TopicWatch extends ByteArrayDeserializer implements ClusterResourceListener {
  private final AtomicBoolean changed = new AtomicBoolean();

  @Override
  public void onUpdate(ClusterResource cluster) {
    changed.set(true);
  }

  /** Returns true once after each change. */
  boolean isChanged() {
    return changed.getAndSet(false);
  }
}
