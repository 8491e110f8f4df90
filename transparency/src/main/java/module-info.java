// SPDX-License-Identifier: Apache-2.0
/**
 * Signed notes, Merkle trees, checkpoints, receipts, tiles and witnesses. Needs no other module of
 * Indelible.
 */
module dev.indelible.transparency {
  requires static org.jspecify;
  requires jdk.httpserver;
  requires transitive java.net.http;
  requires org.bouncycastle.provider;
  requires org.slf4j;

  exports dev.indelible.base;
  exports dev.indelible.checkpoint;
  exports dev.indelible.crypto;
  exports dev.indelible.merkle;
  exports dev.indelible.receipt;
  exports dev.indelible.tlog;
  exports dev.indelible.witness;
}
