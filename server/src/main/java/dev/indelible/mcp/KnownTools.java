// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.Text;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.Escalate;
import dev.indelible.gate.Gate;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The known descriptor of each tool: the first with which a call was permitted, or the one that a
 * person accepted later. Each tool has a small file in the data directory, so that several
 * processes can use the files at once.
 */
public final class KnownTools {
  /** The form of a digest. */
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  /** Words that need no quotes in a shell. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:-]{1,200}");

  private static final String SUFFIX = ".json";

  /** Far more tools than people use. Any caller can name new ones, and each becomes a file. */
  private static final int MAX_TOOLS = 10_000;

  private final Path directory;
  private final int maxTools;

  /**
   * Held while a new tool is stored. No thread waits for it, because storing takes a sync of the
   * disk.
   */
  final Semaphore remembering = new Semaphore(1);

  /** Creates access to the tools that the log in a data directory knows. */
  public KnownTools(Path dataDirectory) {
    this(dataDirectory, MAX_TOOLS);
  }

  KnownTools(Path dataDirectory, int maxTools) {
    this.directory = dataDirectory.resolve("tools");
    this.maxTools = maxTools;
  }

  /** The share of the places for new tools that a caller may use. */
  enum Share {
    /** No new tool becomes known. */
    NONE,

    /**
     * Half of the places, for a caller without a credential: such callers together cannot keep a
     * new tool of a caller with a credential from becoming known.
     */
    HALF,

    /** All places. */
    ALL
  }

  /**
   * A tool and the digest of its accepted descriptor.
   *
   * @param tool the name of the tool
   * @param hash the digest, as {@code sha256:…}
   */
  public record Known(String tool, String hash) {}

  /** Returns true for a digest in the form {@code sha256:…}. */
  public static boolean isDigest(String text) {
    return DIGEST.matcher(text).matches();
  }

  /**
   * Compares the descriptor of a tool with the known one. The first descriptor of a tool becomes
   * the known one. Objects if they differ, if the known one cannot be read or stored, if another
   * new tool is being stored, and if there are too many tools.
   *
   * @param share the places that the caller may use for a tool that is not known
   */
  Optional<Escalate> objection(String tool, String hash, Share share) {
    try {
      Optional<String> known = known(tool);
      if (known.isPresent()) {
        return compare(tool, known.get(), hash);
      }
      if (share == Share.NONE) {
        return unknown("this log does not know the tool; ask about a single call first");
      }
      if (!remembering.tryAcquire()) {
        return unknown("this log is making another new tool known; ask again");
      }
      try {
        return remember(tool, hash, share == Share.ALL ? maxTools : maxTools / 2);
      } finally {
        remembering.release();
      }
    } catch (IOException e) {
      return Optional.of(new Escalate(Gate.TOOL_CHANGED, "the known descriptor: " + e));
    }
  }

  private static Optional<Escalate> compare(String tool, String known, String hash) {
    return known.equals(hash) ? Optional.empty() : Optional.of(changed(tool, known, hash));
  }

  private static Optional<Escalate> unknown(String reason) {
    return Optional.of(new Escalate(Gate.TOOL_UNKNOWN, reason));
  }

  private static Escalate changed(String tool, String known, String hash) {
    return new Escalate(
        Gate.TOOL_CHANGED,
        ("the descriptor of this tool changed since this log first saw it: it was %s, and is %s."
                + " Whoever has read the new descriptor accepts it with: indelible tool accept %s"
                + " %s --reason TEXT")
            .formatted(known, hash, quoted(tool), hash));
  }

  /** Quotes a name for a shell, because the name may come from an attacker. */
  private static String quoted(String name) {
    String printable = Text.printable(name, 200);
    return PLAIN.matcher(name).matches() ? name : "'" + printable.replace("'", "'\\''") + "'";
  }

  /** Stores a tool's first descriptor, unless another process stored one meanwhile. */
  private Optional<Escalate> remember(String tool, String hash, int atMost) throws IOException {
    DurableFiles.createDirectory(directory);
    if (count() >= atMost) {
      return unknown(
          ("this log knows %s tools or more, and this caller's next ones do not become known by"
                  + " themselves. Whoever has read the descriptor accepts it with: indelible tool"
                  + " accept %s %s --reason TEXT")
              .formatted(atMost, quoted(tool), hash));
    }
    Path file = file(tool);
    Path aside = aside();
    DurableFiles.create(aside, content(tool, hash));
    try {
      // Unlike a rename, this fails if another process stored a digest meanwhile.
      Files.createLink(file, aside);
      DurableFiles.syncNames(directory);
    } catch (FileAlreadyExistsException e) {
      // The other digest counts.
    } finally {
      Files.deleteIfExists(aside);
    }
    String known = known(tool).orElseThrow(() -> new NoSuchFileException(file.toString()));
    return compare(tool, known, hash);
  }

  private long count() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(SUFFIX)).count();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Makes a descriptor the known one of a tool. Survives a power cut. */
  public void accept(String tool, String hash) throws IOException {
    DurableFiles.createDirectory(directory);
    DurableFiles.replace(file(tool), aside(), content(tool, hash));
  }

  /** Returns the digest of the known descriptor of a tool. */
  public Optional<String> known(String tool) throws IOException {
    Path file = file(tool);
    Optional<Known> known = read(file);
    if (known.isPresent() && !known.get().tool().equals(tool)) {
      throw new IOException(file + ": is about another tool");
    }
    return known.map(Known::hash);
  }

  /** Returns all known tools, sorted by name. */
  public List<Known> list() throws IOException {
    List<Known> all = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return all;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (Path file : files) {
        read(file).ifPresent(all::add);
      }
    }
    all.sort(Comparator.comparing(Known::tool));
    return all;
  }

  private Path file(String tool) {
    byte[] digest = Sha256.hash(tool.getBytes(StandardCharsets.UTF_8));
    return directory.resolve(HexFormat.of().formatHex(digest, 0, 16) + SUFFIX);
  }

  /** Returns a temporary file for this call. A file that a crash leaves is never read. */
  private Path aside() {
    return directory.resolve(".new-" + UUID.randomUUID());
  }

  private static byte[] content(String tool, String hash) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    return out.member("hash", hash).member("tool", tool).endObject().toBytes();
  }

  private static Optional<Known> read(Path file) throws IOException {
    byte[] content;
    try {
      content = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      JsonFields members = JsonFields.of(CanonicalJson.read(content), "tool");
      return Optional.of(new Known(members.string("tool"), members.string("hash")));
    } catch (JsonFormatException e) {
      throw new IOException("%s: %s; remove or repair it".formatted(file, e.getMessage()), e);
    }
  }
}
