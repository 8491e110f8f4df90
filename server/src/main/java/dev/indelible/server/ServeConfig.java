// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Binding;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The daemon's settings and the origin of each: an option of the command, or else the environment,
 * or else the YAML file, or else the default.
 */
public final class ServeConfig {
  /** The value that turns a way to listen off. */
  static final String OFF = "off";

  /** Far more than all settings with comments need. */
  private static final int MAX_FILE_BYTES = 1 << 16;

  private static final Pattern RATE = Pattern.compile("[1-9][0-9]{0,5}");

  private static final LoadSettings YAML =
      LoadSettings.builder().setMaxAliasesForCollections(0).setAllowDuplicateKeys(false).build();

  private static final String ON = "on";

  /** Separates several values. */
  private static final String SEPARATOR = ";";

  /** A setting of the daemon. Its name in lower case is its key and its option. */
  public enum Setting {
    LISTEN,
    SOCKET,
    TLS_CERTIFICATE,
    TLS_KEY,
    TLS_CLIENT_CA,
    NAMES,
    ROLES,
    RATE_LIMIT,
    RECORD_READS,
    PUBLISH;

    /** Returns the name in the file and of the option. */
    public String key() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns true if the setting can have several values. */
    private boolean isList() {
      return this == NAMES || this == ROLES;
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

  /** Returns the default; the socket's is in the runtime directory of the service or the user. */
  private static String byDefault(Setting setting, Map<String, String> environment) {
    return switch (setting) {
      case LISTEN -> "127.0.0.1:" + ServeSettings.DEFAULT_PORT;
      case SOCKET -> defaultSocket(environment);
      case NAMES, ROLES -> "";
      case RECORD_READS -> ON;
      default -> OFF;
    };
  }

  private static String defaultSocket(Map<String, String> environment) {
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
    } catch (MarkedYamlEngineException e) {
      String place =
          e.getProblemMark()
              .map(mark -> ":%s:%s".formatted(mark.getLine() + 1, mark.getColumn() + 1))
              .orElse("");
      throw new IOException(file + place + ": not YAML: " + e.getProblem(), e);
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
      read.put(setting, text(file, setting, member.getValue()));
    }
    return read;
  }

  private static String text(Path file, Setting setting, @Nullable Object value)
      throws IOException {
    if (setting.isList() && value instanceof List<?> list) {
      return list.stream().map(String::valueOf).collect(Collectors.joining(SEPARATOR + " "));
    }
    if (value == null || value instanceof Map || value instanceof List) {
      throw new IOException("%s: %s: give a text".formatted(file, setting.key()));
    }
    return String.valueOf(value);
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
    return new ServeSettings(
        ServeSettings.readAddress(text(Setting.LISTEN)), path(Setting.SOCKET), tls(), access());
  }

  private @Nullable TlsFiles tls() {
    Path certificate = path(Setting.TLS_CERTIFICATE);
    Path key = path(Setting.TLS_KEY);
    Path clientCa = path(Setting.TLS_CLIENT_CA);
    if (certificate != null && key != null) {
      return new TlsFiles(certificate, key, clientCa);
    }
    if (certificate != null || key != null || clientCa != null) {
      throw new IllegalArgumentException("give tls-certificate and tls-key together, or none");
    }
    return null;
  }

  private AccessSettings access() {
    Set<String> names =
        list(Setting.NAMES).stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    List<Binding> bindings = new ArrayList<>();
    for (String each : list(Setting.ROLES)) {
      try {
        bindings.add(Binding.read(each));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("roles: " + e.getMessage(), e);
      }
    }
    return new AccessSettings(
        null, names, bindings, rateLimit(), isOn(Setting.RECORD_READS), isOn(Setting.PUBLISH));
  }

  private int rateLimit() {
    String text = text(Setting.RATE_LIMIT);
    if (text.equals(OFF)) {
      return 0;
    }
    if (!RATE.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "rate-limit: %s: give 1 to 999999 requests per second, or %s".formatted(text, OFF));
    }
    return Integer.parseInt(text);
  }

  private @Nullable Path path(Setting setting) {
    String text = text(setting);
    try {
      return text.equals(OFF) ? null : Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(setting.key() + ": " + e.getMessage(), e);
    }
  }

  private List<String> list(Setting setting) {
    return Arrays.stream(text(setting).split(SEPARATOR))
        .map(String::strip)
        .filter(each -> !each.isEmpty())
        .toList();
  }

  /** Reads a setting that is on or off; in YAML it may be a boolean. */
  private boolean isOn(Setting setting) {
    return switch (text(setting)) {
      case ON, "true" -> true;
      case OFF, "false" -> false;
      default ->
          throw new IllegalArgumentException(
              "%s: %s: give on or off".formatted(setting.key(), text(setting)));
    };
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
