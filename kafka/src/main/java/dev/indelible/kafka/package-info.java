// SPDX-License-Identifier: Apache-2.0
/** The queue between gates and ledgers in a Kafka topic. */
@NullMarked
package dev.indelible.kafka;

import org.jspecify.annotations.NullMarked;
