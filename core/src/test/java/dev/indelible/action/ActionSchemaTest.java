// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The published JSON Schema accepts exactly the actions that {@link ActionParser} accepts. */
class ActionSchemaTest {
  private static final List<String> NAMES =
      List.of(
          "kind",
          "command",
          "cwd",
          "path",
          "byte_estimate",
          "host",
          "scheme",
          "port",
          "binary",
          "args",
          "tool",
          "arguments",
          "surface",
          "namespace",
          "query",
          "custom_kind",
          "payload",
          "unknown");

  private static final List<String> VALUES =
      List.of(
          "\"bash\"",
          "\"filesystem_write\"",
          "\"network_request\"",
          "\"process_spawn\"",
          "\"tool_call\"",
          "\"read\"",
          "\"custom\"",
          "\"\"",
          "\"text\"",
          "0",
          "-1",
          "1",
          "443",
          "65535",
          "65536",
          "9007199254740991",
          "9007199254740992",
          "1.5",
          "true",
          "null",
          "[]",
          "[\"a\",\"b\"]",
          "[1]",
          "{}",
          "{\"namespace\":\"n\"}");

  private static final List<String> SOUND =
      List.of(
          "{\"kind\":\"bash\",\"command\":\"ls\",\"cwd\":\"/\"}",
          "{\"kind\":\"filesystem_write\",\"path\":\"/p\",\"byte_estimate\":3}",
          "{\"kind\":\"network_request\",\"host\":\"h\",\"scheme\":\"https\",\"port\":443,"
              + "\"path\":\"/\"}",
          "{\"kind\":\"process_spawn\",\"binary\":\"b\",\"args\":[\"a\"]}",
          "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{}}",
          "{\"kind\":\"read\",\"surface\":\"s\",\"namespace\":\"n\",\"query\":\"q\"}",
          "{\"kind\":\"custom\",\"custom_kind\":\"c\",\"payload\":[]}");

  private static Schema schema;

  @BeforeAll
  static void readPublishedSchema() throws Exception {
    Path file = Path.of(System.getProperty("indelible.root"), "docs", "action.schema.json");
    schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(file), InputFormat.JSON);
  }

  @Test
  void validActionsAreAccepted() {
    for (String action : SOUND) {
      assertThat(isValid(action)).as(action).isTrue();
      assertThat(isParsed(action)).as(action).isTrue();
    }
  }

  @Test
  void schemaAndParserAgreeOnChangedActions() {
    Random random = new Random(1);
    int valid = 0;
    for (int i = 0; i < 20_000; i++) {
      String action = changed(SOUND.get(random.nextInt(SOUND.size())), random);
      boolean parsed = isParsed(action);
      assertThat(isValid(action)).as(action).isEqualTo(parsed);
      valid += parsed ? 1 : 0;
    }
    assertThat(valid).isBetween(1_000, 19_000);
  }

  /** Returns the action with members randomly removed, added or changed. */
  private static String changed(String action, Random random) {
    JsonNode node = read(action);
    List<String> members = new ArrayList<>();
    for (String name : node.propertyNames()) {
      if (random.nextInt(8) > 0) {
        String value = random.nextInt(6) > 0 ? node.get(name).toString() : any(VALUES, random);
        members.add("\"" + name + "\":" + value);
      }
    }
    if (random.nextInt(4) == 0) {
      String name = any(NAMES, random);
      if (!node.has(name)) {
        members.add("\"" + name + "\":" + any(VALUES, random));
      }
    }
    return "{" + String.join(",", members) + "}";
  }

  private static JsonNode read(String action) {
    try {
      return CanonicalJson.read(action);
    } catch (JsonFormatException e) {
      throw new AssertionError(e);
    }
  }

  private static String any(List<String> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  private static boolean isValid(String action) {
    return schema.validate(action, InputFormat.JSON).isEmpty();
  }

  private static boolean isParsed(String action) {
    try {
      ActionParser.parse(CanonicalJson.read(action), "action");
      return true;
    } catch (JsonFormatException e) {
      return false;
    }
  }
}
