// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.json.JsonMapper;

/** The published OpenAPI document, against which every response of the tests is validated. */
final class Contract {
  private static final JsonMapper MAPPER = new JsonMapper();

  private static final Map<String, Object> DOCUMENT =
      object(
          new Load(LoadSettings.builder().build())
              .loadFromString(new String(ApiDocument.bytes(), StandardCharsets.UTF_8)));

  private Contract() {}

  /** Returns the paths of the document. */
  static Map<String, Object> paths() {
    return object(DOCUMENT.get("paths"));
  }

  /** Requires that the document describes the response for this method and path. */
  static void requireDescribed(String method, String path, HttpResponse<String> response) {
    Optional<Map<String, Object>> operation = operation(method, path);
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (operation.isEmpty()) {
      assertThat(response.statusCode()).isIn(404, 405);
      requireValid(Map.of("$ref", "#/components/schemas/Problem"), response.body());
      return;
    }
    Map<String, Object> responses = object(operation.get().get("responses"));
    Object described =
        responses.getOrDefault(String.valueOf(response.statusCode()), responses.get("default"));
    assertThat(described)
        .as("%s %s: status %s is not described", method, path, response.statusCode())
        .isNotNull();
    Map<String, Object> content = object(object(resolve(described)).get("content"));
    String media = type.contains(";") ? type.substring(0, type.indexOf(';')) : type;
    if (response.body().isEmpty() && media.isEmpty()) {
      return;
    }
    assertThat(content).as("%s %s", method, path).containsKey(media);
    Object schema = object(content.get(media)).get("schema");
    if (schema != null && media.endsWith("json")) {
      requireValid(object(schema), response.body());
    }
  }

  /** Returns true if the document accepts this request content. */
  static boolean accepts(String method, String path, String body) {
    Map<String, Object> request = object(operation(method, path).orElseThrow().get("requestBody"));
    Map<String, Object> content = object(request.get("content"));
    Object schema = object(content.get(Response.JSON)).get("schema");
    return schema(object(schema)).validate(body, InputFormat.JSON).isEmpty();
  }

  private static Optional<Map<String, Object>> operation(String method, String path) {
    String bare = path.replaceFirst("\\?.*", "");
    for (Map.Entry<String, Object> each : paths().entrySet()) {
      if (bare.matches(each.getKey().replaceAll("\\{[a-z]+\\}", "[^/]+"))) {
        Object operation = object(each.getValue()).get(method.toLowerCase(java.util.Locale.ROOT));
        return Optional.ofNullable(operation).map(Contract::object);
      }
    }
    return Optional.empty();
  }

  private static Object resolve(Object value) {
    Object reference = object(value).get("$ref");
    if (reference == null) {
      return value;
    }
    Object at = DOCUMENT;
    for (String step : reference.toString().substring(2).split("/")) {
      at = object(at).get(step);
    }
    return at;
  }

  private static void requireValid(Map<String, Object> schema, String json) {
    assertThat(schema(schema).validate(json, InputFormat.JSON)).as(json).isEmpty();
  }

  private static Schema schema(Map<String, Object> schema) {
    Map<String, Object> whole =
        Map.of("allOf", List.of(schema), "components", DOCUMENT.get("components"));
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(MAPPER.writeValueAsString(whole), InputFormat.JSON);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }
}
