// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The OpenAPI document of the daemon, as it is served. */
final class ApiDocument {
  private static final String FILE = "openapi.yaml";

  private ApiDocument() {}

  static Response get(Request request) {
    return Response.of("application/yaml", bytes());
  }

  static byte[] bytes() {
    try (InputStream in = ApiDocument.class.getResourceAsStream(FILE)) {
      return Objects.requireNonNull(in, FILE).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
