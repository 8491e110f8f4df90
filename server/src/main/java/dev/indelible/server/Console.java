// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.crypto.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The console: a page and what it loads, as files that the build puts beside this class. A build
 * without npm has none; then a line of text takes the place of the page.
 */
final class Console {
  /** The list of the files, one a line. */
  private static final String LIST = "files.txt";

  private static final String PAGE = "index.html";

  /** The verifier as one file. A browser saves it, because it proves nothing at this address. */
  private static final String VERIFIER = "verify.html";

  /** Names of files in this directory contain a digest of the content. */
  private static final String HASHED = "assets/";

  private static final String ABSENT =
      "This build has no console: install npm and build Indelible again (docs/console.md)."
          + " The API is at /v1; /v1/openapi.yaml describes it.\n";

  /**
   * Permits only the daemon's own files. Text that agents wrote cannot become a script, because the
   * page has no inline scripts, and the browser refuses to parse text as markup.
   */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types indelible";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "wasm", "application/wasm");

  private final Map<String, File> files;

  /** A file, plain and compressed. */
  private record File(String name, byte[] content, byte[] compressed, String digest) {
    File(String name, byte[] content) {
      this(name, content, compress(content), HexFormat.of().formatHex(Sha256.hash(content)));
    }

    private static byte[] compress(byte[] content) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
        gzip.write(content);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return out.toByteArray();
    }

    private String type() {
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      if (type == null) {
        throw new IllegalStateException("the console has a file of an unknown type: " + name);
      }
      return type;
    }

    private Response answer(Request request) {
      boolean isCompressed = request.header("Accept-Encoding").orElse("").contains("gzip");
      Map<String, String> headers = new TreeMap<>();
      String tag = "\"%s%s\"".formatted(digest, isCompressed ? "-gzip" : "");
      headers.put(
          "Cache-Control",
          name.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache");
      if (name.equals(VERIFIER)) {
        headers.put("Content-Disposition", "attachment; filename=\"" + VERIFIER + "\"");
      }
      headers.put("Content-Security-Policy", POLICY);
      headers.put("Content-Type", type());
      headers.put("Cross-Origin-Opener-Policy", "same-origin");
      headers.put("Cross-Origin-Resource-Policy", "same-origin");
      headers.put("ETag", tag);
      headers.put("Referrer-Policy", "no-referrer");
      headers.put("Vary", "Accept-Encoding");
      if (request.header("If-None-Match").orElse("").contains(tag)) {
        return new Response(304, headers, new byte[0]);
      }
      if (isCompressed) {
        headers.put("Content-Encoding", "gzip");
      }
      return new Response(200, headers, isCompressed ? compressed : content);
    }
  }

  private Console(Map<String, File> files) {
    this.files = files;
  }

  /** Reads the files of this build. */
  static Console ofBuild() {
    Map<String, File> files = new TreeMap<>();
    byte[] list = read(LIST);
    if (list != null) {
      new String(list, StandardCharsets.UTF_8)
          .lines()
          .forEach(
              name -> {
                byte[] content = read(name);
                if (content == null) {
                  throw new IllegalStateException(
                      "this build lacks a file of the console: " + name);
                }
                files.put(name, new File(name, content));
              });
    }
    return new Console(files);
  }

  private static byte @Nullable [] read(String name) {
    try (InputStream in = Console.class.getResourceAsStream("console/" + name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds the page and its files, which everybody who can connect may read. */
  void addTo(Routes routes) {
    File page = files.get(PAGE);
    routes.getOpenly(
        Guard.PAGE, page == null ? any -> Response.text(Response.TEXT, ABSENT) : page::answer);
    files.forEach((name, file) -> routes.getOpenly("/" + name, file::answer));
  }
}
