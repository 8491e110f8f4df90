// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.SystemEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The API key file, and the keys that a running daemon accepts from it. */
class ApiKeyFileTest {
  private static final Instant END = Instant.parse("2030-01-01T00:00:00Z");

  @TempDir Path directory;
  private ApiKeyFile file;

  @BeforeEach
  void createFile() {
    file = ApiKeyFile.in(directory);
  }

  private static ApiKey key(KeyText text, String name) {
    return ApiKey.of(
        text,
        name,
        Grant.of(Set.of(Role.READER, Role.OPERATOR), Optional.of("agent:seven")),
        Optional.of(END));
  }

  private KeyText store(String name) throws ApiKeyException {
    KeyText text = KeyText.generate();
    try (ApiKeyFile.Change change = file.change()) {
      change.replace(change.keys().with(key(text, name)));
    }
    return text;
  }

  private KeyWatch watchAt(Instant now) {
    return new KeyWatch(file, Clock.fixed(now, ZoneOffset.UTC), System::nanoTime);
  }

  @Test
  void storedKeyIsReadBack() throws Exception {
    KeyText text = store("ci");

    assertThat(file.read().all()).containsExactly(key(text, "ci"));
    assertThat(file.read().named("ci")).isEqualTo(file.read().named(text.id()));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
        .isEqualTo("rw-------");
  }

  @Test
  void removedKeyIsRefusedAfterWaitingForARead() throws Exception {
    KeyText text = store("ci");
    AtomicLong time = new AtomicLong();
    KeyWatch watch = new KeyWatch(file, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), time::get);
    assertThat(watch.accept(text)).isPresent();
    time.addAndGet(KeyWatch.MAX_AGE.toNanos());
    CompletableFuture<Optional<ApiKey>> accepted;
    watch.reading.lock();
    try {
      accepted = CompletableFuture.supplyAsync(() -> watch.accept(text));
      await().until(watch.reading::hasQueuedThreads);
      try (ApiKeyFile.Change change = file.change()) {
        change.replace(change.keys().without(change.keys().all()));
      }
    } finally {
      watch.reading.unlock();
    }

    assertThat(accepted.get()).isEmpty();
  }

  @Test
  void fileHasNoSecret() throws Exception {
    KeyText text = store("ci");
    String secret = text.reveal().substring(text.reveal().lastIndexOf('_') + 1);

    assertThat(Files.readString(file.path())).contains(text.id()).doesNotContain(secret);
    assertThat(text.toString()).doesNotContain(secret);
    SystemEvent event = AccessEvents.created(key(text, "ci"), "alice");
    assertThat(new String(event.content().bytes(), StandardCharsets.UTF_8))
        .contains(text.id(), "agent:seven", "alice")
        .doesNotContain(secret, key(text, "ci").hash());
  }

  @Test
  void keyHasTheFormThatSecretScannersFind() {
    KeyText text = KeyText.generate();

    assertThat(text.reveal()).matches(KeyText.PATTERN);
    assertThat(KeyText.read(text.reveal())).map(KeyText::id).contains(text.id());
  }

  @Test
  void mistypedTextIsNotAKey() {
    String text = KeyText.generate().reveal();
    char last = text.charAt(text.length() - 1);
    String wrongEnd = text.substring(0, text.length() - 1) + (last == '0' ? '1' : '0');

    assertThat(KeyText.read(wrongEnd)).isEmpty();
    assertThat(KeyText.read(text.toUpperCase(java.util.Locale.ROOT))).isEmpty();
    assertThat(KeyText.read(text + " ")).isEmpty();
    assertThat(KeyText.read("")).isEmpty();
  }

  @Test
  void keyIsAcceptedUntilItExpires() throws Exception {
    KeyText text = store("ci");

    assertThat(watchAt(END.minusMillis(1)).accept(text)).contains(key(text, "ci"));
    assertThat(watchAt(END).accept(text)).isEmpty();
  }

  @Test
  void keyOfAnotherLogIsNotAccepted() throws Exception {
    store("ci");

    assertThat(watchAt(Instant.EPOCH).accept(KeyText.generate())).isEmpty();
  }

  @Test
  void changedFileTakesEffectAtRuntime() throws Exception {
    KeyText first = store("first");
    KeyWatch watch = watchAt(Instant.EPOCH);
    KeyText second = store("second");

    await().until(() -> watch.accept(second).isPresent());
    try (ApiKeyFile.Change change = file.change()) {
      change.replace(change.keys().without(change.keys().named("first")));
    }

    await().until(() -> watch.accept(first).isEmpty());
    assertThat(watch.accept(second)).isPresent();
  }

  @Test
  void missingFileHasNoKeys() throws Exception {
    assertThat(file.read().all()).isEmpty();
    assertThat(watchAt(Instant.EPOCH).fault()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{\"keys\":[]}",
        "{\"keys\":[],\"v\":2}",
        "{\"keys\":[],\"more\":1,\"v\":1}",
        "{\"keys\":[{}],\"v\":1}",
        "{\"keys\":[{\"hash\":\"\",\"id\":\"0\",\"name\":\"a\",\"roles\":[]}],\"v\":1}"
      })
  void malformedFileAcceptsNoKeyAndIsAFault(String content) throws Exception {
    KeyText text = store("ci");
    KeyWatch watch = watchAt(Instant.EPOCH);
    assertThat(watch.accept(text)).isPresent();

    Files.writeString(file.path(), content);

    await().until(() -> watch.accept(text).isEmpty());
    assertThat(watch.fault()).get().asString().startsWith(file.path().toString());
    assertThatThrownBy(file::read).isInstanceOf(ApiKeyException.class);
    assertThatThrownBy(file::change).isInstanceOf(ApiKeyException.class);
  }

  @Test
  void restoredFileIsAcceptedAgain() throws Exception {
    KeyText text = store("ci");
    byte[] good = Files.readAllBytes(file.path());
    Files.writeString(file.path(), "{");
    KeyWatch watch = watchAt(Instant.EPOCH);
    assertThat(watch.fault()).isPresent();

    Files.write(file.path(), good);

    await().until(() -> watch.accept(text).isPresent());
    assertThat(watch.fault()).isEmpty();
  }

  @Test
  void fileThatOthersCanAccessIsRefused() throws Exception {
    KeyText text = store("ci");
    Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(watchAt(Instant.EPOCH).accept(text)).isEmpty();
    assertThat(watchAt(Instant.EPOCH).fault()).get().asString().contains("chmod 600");
  }

  @Test
  void linkInPlaceOfTheFileIsRefused() throws Exception {
    store("ci");
    Path elsewhere = Files.move(file.path(), directory.resolve("elsewhere"));
    Files.createSymbolicLink(file.path(), elsewhere);

    assertThatThrownBy(file::read).hasMessageContaining("not a regular file");
  }

  @Test
  void secondConcurrentChangeIsRefused() throws Exception {
    try (ApiKeyFile.Change first = file.change()) {
      assertThatThrownBy(file::change).hasMessageContaining("another process changes the keys");
      first.replace(first.keys());
    }
    assertThat(store("ci")).isNotNull();
  }

  @Test
  void oldKeyOfARotationEndsAfterTheOverlap() {
    ApiKey key = key(KeyText.generate(), "ci");

    assertThat(key.endingBy(END.minus(Duration.ofDays(1))).expires())
        .contains(END.minus(Duration.ofDays(1)));
    assertThat(key.endingBy(END.plus(Duration.ofDays(1))).expires()).contains(END);
  }
}
