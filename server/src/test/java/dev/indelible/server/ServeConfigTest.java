// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.access.Binding;
import dev.indelible.server.ServeConfig.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
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
        .startsWith(
            """
            listen: "127.0.0.1:3"  # option --listen
            socket: "/f.sock"  # file %s
            tls-certificate: "off"  # default
            """
                .formatted(file));
  }

  @Test
  void printedSettingsAreReadBackUnchanged() throws Exception {
    ServeConfig config =
        ServeConfig.resolve(Map.of(Setting.SOCKET, "/a \"b\"\\c.sock"), Map.of(), null);

    assertThat(ServeConfig.resolve(Map.of(), Map.of(), file(config.print())).settings())
        .isEqualTo(config.settings());
  }

  @Test
  void listsOfValuesAreReadFromYamlAndText() throws Exception {
    Path file =
        file(
            """
            names: [Audit.example, "10.0.0.1"]
            roles:
              - user:alice = reader,operator
              - cert:CN=seven,O=X = agent as agent:7
            rate-limit: 100
            """);
    Map<Setting, String> where =
        Map.of(
            Setting.SOCKET, "/run/a.sock",
            Setting.TLS_CERTIFICATE, "a.pem",
            Setting.TLS_KEY, "a.key",
            Setting.TLS_CLIENT_CA, "ca.pem");
    AccessSettings access = ServeConfig.resolve(where, Map.of(), file).settings().access();
    Map<String, String> environment =
        Map.of(
            "INDELIBLE_NAMES", "10.0.0.1; audit.example",
            "INDELIBLE_ROLES", "user:alice=operator, reader;cert:CN=seven,O=X = agent as agent:7;",
            "INDELIBLE_RATE_LIMIT", "100");

    assertThat(access.names()).containsExactlyInAnyOrder("audit.example", "10.0.0.1");
    assertThat(access.bindings().stream().map(Binding::toString))
        .containsExactly(
            "user:alice = agent, reader, operator", "cert:CN=seven,O=X = agent as agent:7");
    assertThat(access.perSecond()).isEqualTo(100);
    assertThat(ServeConfig.resolve(where, environment, null).settings().access()).isEqualTo(access);
  }

  @ParameterizedTest
  @CsvSource({
    "ROLES, alice = reader",
    "ROLES, user: = reader",
    "ROLES, user:alice = root",
    "ROLES, user:alice",
    "ROLES, user:alice = agent as indelible",
    "RATE_LIMIT, 0",
    "RATE_LIMIT, fast",
    "TLS_CERTIFICATE, a.pem",
    "TLS_CLIENT_CA, a.pem"
  })
  void malformedValueIsRefused(Setting setting, String value) throws Exception {
    ServeConfig config = ServeConfig.resolve(Map.of(setting, value), Map.of(), null);

    assertThatThrownBy(config::settings).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void nonLoopbackAddressNeedsTlsAndNames() throws Exception {
    Map<Setting, String> options =
        new EnumMap<>(
            Map.of(
                Setting.LISTEN, "0.0.0.0:1",
                Setting.TLS_CERTIFICATE, "c.pem",
                Setting.TLS_KEY, "k.pem"));
    ServeConfig unnamed = ServeConfig.resolve(options, Map.of(), null);
    assertThatThrownBy(unnamed::settings).hasMessageContaining("give names");

    options.put(Setting.NAMES, "audit.example");
    assertThat(ServeConfig.resolve(options, Map.of(), null).settings().tls())
        .isEqualTo(new TlsFiles(Path.of("c.pem"), Path.of("k.pem"), null));
  }

  @Test
  void socketIsInTheRuntimeDirectory() throws Exception {
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
  void nonLoopbackOrMalformedAddressIsRefused(String text) throws Exception {
    ServeConfig config = ServeConfig.resolve(Map.of(Setting.LISTEN, text), Map.of(), null);

    assertThatThrownBy(config::settings)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("listen: ");
  }

  @Test
  void configWithoutAListenerIsRefused() throws Exception {
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
