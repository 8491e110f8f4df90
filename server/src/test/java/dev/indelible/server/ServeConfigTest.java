// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.server.ServeConfig.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("any-jdk")
class ServeConfigTest {
  @TempDir Path temp;

  private Path file(String text) throws IOException {
    return Files.writeString(temp.resolve("serve.yaml"), text);
  }

  @Test
  void optionOverridesEnvironmentOverridesFileOverridesDefault() throws Exception {
    Path file = file("listen: 127.0.0.1:1\nsocket: /f.sock\n");
    Map<String, String> environment = Map.of("INDELIBLE_LISTEN", "127.0.0.1:2");

    assertThat(ServeConfig.resolve(Map.of(), Map.of(), null).settings().listen().getPort())
        .isEqualTo(ServeSettings.DEFAULT_PORT);
    assertThat(ServeConfig.resolve(Map.of(), Map.of(), file).settings().listen().getPort())
        .isEqualTo(1);
    assertThat(ServeConfig.resolve(Map.of(), environment, file).settings().listen().getPort())
        .isEqualTo(2);
    assertThat(
            ServeConfig.resolve(Map.of(Setting.LISTEN, "127.0.0.1:3"), environment, file).print())
        .isEqualTo(
            """
            listen: "127.0.0.1:3"  # option --listen
            socket: "/f.sock"  # file %s
            """
                .formatted(file));
  }

  @Test
  void printedSettingsAreReadAsTheyAre() throws Exception {
    ServeConfig config =
        ServeConfig.resolve(Map.of(Setting.SOCKET, "/a \"b\"\\c.sock"), Map.of(), null);

    assertThat(ServeConfig.resolve(Map.of(), Map.of(), file(config.print())).settings())
        .isEqualTo(config.settings());
  }

  @Test
  void socketIsInTheDirectoryOfTheServiceOrTheUser() throws Exception {
    assertThat(ServeConfig.resolve(Map.of(), Map.of(), null).settings().socket()).isNull();
    assertThat(socket(Map.of("XDG_RUNTIME_DIR", "/run/user/1")))
        .isEqualTo(Path.of("/run/user/1/indelible/indelible.sock"));
    assertThat(socket(Map.of("XDG_RUNTIME_DIR", "/u", "RUNTIME_DIRECTORY", "/run/indelible")))
        .isEqualTo(Path.of("/run/indelible/indelible.sock"));
  }

  private static Path socket(Map<String, String> environment) throws IOException {
    return ServeConfig.resolve(Map.of(), environment, null).settings().socket();
  }

  @ParameterizedTest
  @CsvSource({
    "8741, 127.0.0.1, 8741",
    "localhost:0, 127.0.0.1, 0",
    "127.0.0.2:80, 127.0.0.2, 80",
    "[::1]:80, 0:0:0:0:0:0:0:1, 80"
  })
  void addressIsRead(String text, String host, int port) throws Exception {
    ServeSettings settings =
        ServeConfig.resolve(Map.of(Setting.LISTEN, text), Map.of(), null).settings();

    assertThat(settings.listen().getAddress().getHostAddress()).isEqualTo(host);
    assertThat(settings.listen().getPort()).isEqualTo(port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0.0.0.0:80", "192.0.2.1:80", ":80", "x:y", "127.0.0.1:65536", "", "[::]:1"})
  void addressBeyondLoopbackOrMalformedIsRefused(String text) throws Exception {
    ServeConfig config = ServeConfig.resolve(Map.of(Setting.LISTEN, text), Map.of(), null);

    assertThatThrownBy(config::settings)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("listen: ");
  }

  @Test
  void nothingToListenOnIsRefused() throws Exception {
    ServeConfig config =
        ServeConfig.resolve(Map.of(Setting.LISTEN, "off", Setting.SOCKET, "off"), Map.of(), null);

    assertThatThrownBy(config::settings).hasMessageContaining("listen and socket are both off");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listne: 1\n",
        "- listen\n",
        "listen: {a: b}\n",
        "listen: 1\nlisten: 2\n",
        "listen: [\n",
        "a: &a [x]\nb: *a\n"
      })
  void unreadableFileIsNamed(String text) throws Exception {
    Path file = file(text);

    assertThatThrownBy(() -> ServeConfig.resolve(Map.of(), Map.of(), file))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file.toString());
  }
}
