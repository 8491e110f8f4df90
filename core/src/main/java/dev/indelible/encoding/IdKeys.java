// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/**
 * Keys of 64 bits for event ids, to find equal ids among many. Within one process, equal ids have
 * equal keys; different ids may share a key. The keys depend on a random seed, so the writer of an
 * id cannot know its key.
 */
public final class IdKeys {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The multiplier of SplitMix64's last step. */
  private static final long MIX = 0x94d049bb133111ebL;

  private static final long SEED = new SecureRandom().nextLong();

  private IdKeys() {}

  /** Returns the key of the id in these bytes. */
  public static long of(byte[] bytes, int from, int to) {
    long key = SEED ^ (to - from);
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      key = mix(key ^ (long) LONGS.get(bytes, at));
    }
    for (; at < to; at++) {
      key = mix(key ^ bytes[at]);
    }
    return mix(key);
  }

  private static long mix(long key) {
    long mixed = (key ^ key >>> 29) * MIX;
    return mixed ^ mixed >>> 32;
  }
}
