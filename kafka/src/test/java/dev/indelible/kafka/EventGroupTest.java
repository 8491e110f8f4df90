// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bytes of groups and positions, against vectors of another implementation. */
@Tag("any-jdk")
class EventGroupTest {
  private static final SigningKey KEY = SigningKey.fromSeed(seed());
  private static final Lane LANE =
      new Lane(
          "gate-1",
          UUID.fromString("4a5d6f0e-1c1f-4a3a-9a53-0d8b54c1a001"),
          new Shard("audit", 1, 3));

  private static byte[] seed() {
    byte[] seed = new byte[32];
    for (int i = 0; i < seed.length; i++) {
      seed[i] = (byte) i;
    }
    return seed;
  }

  private static List<String> vectors() throws IOException {
    try (InputStream in = EventGroupTest.class.getResourceAsStream("vectors.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static String vector(String name) throws IOException {
    return vectors().stream()
        .filter(line -> line.startsWith(name + " "))
        .findFirst()
        .orElseThrow()
        .substring(name.length() + 1);
  }

  private static AuditEvent event(int number, String agent) {
    String content =
        "{\"action\":{\"command\":\"rm -rf /\",\"kind\":\"bash\"},\"agent_id\":\"%s\",\"decision\":{\"decision\":\"refuse\",\"reason\":\"not here\",\"rule_id\":\"R001\"},\"id\":\"01890a5d-ac96-774b-bcce-b302099a805%s\",\"timestamp\":\"2026-11-27T02:02:03.4567%sZ\"}"
            .formatted(agent, 7 + number, 89 + number);
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    int nonceAt =
        content
            .substring(0, content.indexOf("\"timestamp\""))
            .getBytes(StandardCharsets.UTF_8)
            .length;
    return AuditEvent.stored(
        UUID.fromString("01890a5d-ac96-774b-bcce-b302099a805" + (7 + number)),
        agent,
        "governance.refusal",
        Instant.parse("2026-11-27T02:02:03.4567%sZ".formatted(89 + number)),
        new EventContent(bytes, nonceAt));
  }

  private static EventGroup group() {
    return new EventGroup(
        LANE, "tenant:α", 5, 7, List.of(event(0, "agent:a"), event(1, "agent:β")));
  }

  @Test
  void groupHasTheBytesOfTheVector() throws Exception {
    assertThat(HexFormat.of().formatHex(group().encode(KEY))).isEqualTo(vector("group"));
  }

  @Test
  void vectorIsReadBack() throws Exception {
    EventGroup.Signed signed = EventGroup.parse(HexFormat.of().parseHex(vector("group")));
    assertThat(signed.isSignedBy(KEY.verificationKey())).isTrue();
    EventGroup read = signed.group();
    assertThat(read.lane()).isEqualTo(LANE);
    assertThat(read.tenant()).isEqualTo("tenant:α");
    assertThat(read.settled()).isEqualTo(5);
    assertThat(read.last()).isEqualTo(8);
    assertThat(read.events()).extracting(AuditEvent::agentId).containsExactly("agent:a", "agent:β");
    assertThat(read.events().get(1).timestamp()).isEqualTo(event(1, "x").timestamp());
    assertThat(read.encode(KEY)).isEqualTo(group().encode(KEY));
  }

  @Test
  void positionHasTheBytesOfTheVector() throws Exception {
    Position position =
        new Position(UUID.fromString("0e7d1f3a-52b1-4c7e-8a91-b0a1c2d3e4f5"), LANE, 8);
    byte[] value = HexFormat.of().parseHex(vector("position"));
    assertThat(position.encode(KEY)).isEqualTo(value);
    assertThat(Position.read(value, KeyRing.of(List.of(KEY.verificationKey())))).contains(position);
    VerificationKey other = SigningKey.fromSeed(new byte[32]).verificationKey();
    assertThat(Position.read(value, KeyRing.of(List.of(other)))).isEmpty();
    value[20] ^= 1;
    assertThat(Position.read(value, KeyRing.of(List.of(KEY.verificationKey())))).isEmpty();
  }

  @Test
  void shardKeysMapAsInTheVectors() throws Exception {
    int checked = 0;
    for (String line : vectors()) {
      if (line.startsWith("partition ")) {
        String[] words = line.split(" ");
        String key = words[1].substring(1, words[1].length() - 1).replace("\\u03b2", "β");
        key = key.replace("\\u03b1", "α");
        assertThat(Shard.partitionOf(key, Integer.parseInt(words[2])))
            .as(line)
            .isEqualTo(Integer.parseInt(words[3]));
        checked++;
      }
    }
    assertThat(checked).isEqualTo(5);
    assertThat(LANE.shard().offsetMark()).hasToString(vector("offset"));
    assertThat(LANE.numberMark()).hasToString(vector("number"));
  }

  /** Each changed byte makes the message unreadable, or its signature wrong. */
  @Test
  void everyChangedByteIsNoticed() throws Exception {
    byte[] value = group().encode(KEY);
    for (int i = 0; i < value.length; i++) {
      for (int bit : new int[] {0, 4, 7}) {
        byte[] changed = value.clone();
        changed[i] ^= (byte) (1 << bit);
        assertThat(isGenuine(changed)).as("byte %s", i).isFalse();
      }
    }
    for (int length = 0; length < value.length; length++) {
      assertThat(isGenuine(Arrays.copyOf(value, length))).as("length %s", length).isFalse();
    }
    assertThat(isGenuine(Arrays.copyOf(value, value.length + 1))).isFalse();
  }

  private static boolean isGenuine(byte[] value) {
    try {
      return EventGroup.parse(value).isSignedBy(KEY.verificationKey());
    } catch (GroupException e) {
      return false;
    }
  }

  /** Hostile lengths and counts neither throw another exception nor allocate what they state. */
  @Test
  void hostileBytesAreRefused() {
    byte[] value = group().encode(KEY);
    Random random = new Random(17);
    for (int round = 0; round < 60_000; round++) {
      byte[] hostile = value.clone();
      int changes = 1 + random.nextInt(4);
      for (int change = 0; change < changes; change++) {
        int at = 16 + random.nextInt(160);
        switch (random.nextInt(3)) {
          case 0 -> hostile[at] = (byte) random.nextInt();
          case 1 -> ByteBuffer.wrap(hostile).putInt(at, random.nextInt());
          default -> ByteBuffer.wrap(hostile).putInt(at, Integer.MAX_VALUE - random.nextInt(4));
        }
      }
      if (random.nextInt(3) == 0) {
        hostile = Arrays.copyOf(hostile, random.nextInt(hostile.length + 1));
      }
      isGenuine(hostile);
    }
    byte[] noise = new byte[4_096];
    for (int round = 0; round < 2_000; round++) {
      random.nextBytes(noise);
      byte[] message = noise;
      assertThatThrownBy(() -> EventGroup.parse(message)).isInstanceOf(GroupException.class);
    }
  }

  @Test
  void hugeCountAllocatesNothing() {
    byte[] value = group().encode(KEY);
    // The number of events is after magic, version, key id, run, partitions and two numbers.
    ByteBuffer.wrap(value).putInt(16 + 1 + 8 + 16 + 8 + 16, Integer.MAX_VALUE);
    assertThatThrownBy(() -> EventGroup.parse(value))
        .isInstanceOf(GroupException.class)
        .hasMessage("it states 2147483647 events");
    byte[] large = Arrays.copyOf(value, EventGroup.MAX_BYTES + 1);
    assertThatThrownBy(() -> EventGroup.parse(large)).hasMessageContaining("at most 4194304");
  }
}
