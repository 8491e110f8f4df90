// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The daemon's settings and where each comes from: an option of the command, else the environment,
 * else the YAML file, else the default.
 */
public final class ServeConfig {
  /** The value that turns a way to listen off. */
  static final String OFF = "off";

  /** Far more than all settings with comments need. */
  private static final int MAX_FILE_BYTES = 1 << 16;

  private static final LoadSettings YAML =
      LoadSettings.builder().setMaxAliasesForCollections(0).setAllowDuplicateKeys(false).build();

  /** A setting of the daemon. Its name in lower case is its key and its option. */
  public enum Setting {
    LISTEN,
    SOCKET,
    PUBLISH;

    /** Returns the name in the file and of the option. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    private String variable() {
      return "INDELIBLE_" + name();
    }
  }

  /** A value and its origin, in words. */
  private record Value(String text, String origin) {}

  private final Map<Setting, Value> values = new EnumMap<>(Setting.class);

  private ServeConfig() {}

  /**
   * Resolves the settings.
   *
   * @param options the values that the command line gives
   * @param environment the environment variables
   * @param file the YAML file; read only if it is not null
   * @throws IOException if the file cannot be read, or has an unknown key or a malformed value; the
   *     message names the file
   */
  public static ServeConfig resolve(
      Map<Setting, String> options, Map<String, String> environment, @Nullable Path file)
      throws IOException {
    Map<Setting, String> written = file == null ? Map.of() : read(file);
    ServeConfig config = new ServeConfig();
    for (Setting setting : Setting.values()) {
      String set = environment.getOrDefault(setting.variable(), "");
      Value value;
      if (options.containsKey(setting)) {
        value = new Value(options.get(setting), "option --" + setting.key());
      } else if (!set.isEmpty()) {
        value = new Value(set, "environment " + setting.variable());
      } else if (written.containsKey(setting)) {
        value = new Value(written.get(setting), "file " + file);
      } else {
        value = new Value(byDefault(setting, environment), "default");
      }
      config.values.put(setting, value);
    }
    return config;
  }

  /** By default, the socket is in the runtime directory of the service or of the user. */
  private static String byDefault(Setting setting, Map<String, String> environment) {
    if (setting == Setting.LISTEN) {
      return "127.0.0.1:" + ServeSettings.DEFAULT_PORT;
    }
    if (setting == Setting.PUBLISH) {
      return "false";
    }
    String service = environment.getOrDefault("RUNTIME_DIRECTORY", "");
    String user = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (!service.isEmpty()) {
      return service + "/indelible.sock";
    }
    return user.isEmpty() ? OFF : user + "/indelible/indelible.sock";
  }

  private static Map<Setting, String> read(Path file) throws IOException {
    Object document;
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new IOException(
            "%s: larger than %s bytes; is it the right file?".formatted(file, MAX_FILE_BYTES));
      }
      document = new Load(YAML).loadFromString(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not UTF-8", e);
    } catch (YamlEngineException e) {
      throw new IOException(file + ": not YAML: " + e.getMessage(), e);
    }
    Map<Setting, String> read = new EnumMap<>(Setting.class);
    if (document == null) {
      return read;
    }
    if (!(document instanceof Map<?, ?> members)) {
      throw new IOException(file + ": give settings as KEY: VALUE");
    }
    for (Map.Entry<?, ?> member : members.entrySet()) {
      Setting setting =
          Arrays.stream(Setting.values())
              .filter(each -> each.key().equals(member.getKey()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IOException(
                          "%s: unknown setting \"%s\"; the settings are %s"
                              .formatted(file, member.getKey(), keys())));
      if (member.getValue() == null || member.getValue() instanceof Map) {
        throw new IOException("%s: %s: give a text".formatted(file, setting.key()));
      }
      read.put(setting, String.valueOf(member.getValue()));
    }
    return read;
  }

  private static String keys() {
    return Arrays.stream(Setting.values()).map(Setting::key).collect(Collectors.joining(", "));
  }

  /**
   * Returns the settings.
   *
   * @throws IllegalArgumentException if a value is malformed; the message names the setting and its
   *     origin
   */
  public ServeSettings settings() {
    try {
      String socket = text(Setting.SOCKET);
      return new ServeSettings(
          ServeSettings.readAddress(text(Setting.LISTEN)),
          socket.equals(OFF) ? null : Path.of(socket),
          truth(Setting.PUBLISH));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("socket: " + e.getMessage(), e);
    }
  }

  private boolean truth(Setting setting) {
    String text = text(setting);
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(
          "%s: %s: give true or false".formatted(setting.key(), text));
    }
    return text.equals("true");
  }

  private String text(Setting setting) {
    return values.get(setting).text();
  }

  /** Returns the settings as a YAML file, with the origin of each in a comment. */
  public String print() {
    return values.entrySet().stream()
        .map(
            each ->
                "%s: \"%s\"  # %s%n"
                    .formatted(
                        each.getKey().key(),
                        each.getValue().text().replace("\\", "\\\\").replace("\"", "\\\""),
                        each.getValue().origin()))
        .collect(Collectors.joining());
  }
}
