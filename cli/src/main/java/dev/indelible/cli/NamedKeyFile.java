// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.FileAccess;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The private key of a person, in a file of mode 0600: PKCS#8 PEM after a line with the name of the
 * key, which PEM allows in front of a key (RFC 7468).
 */
final class NamedKeyFile {
  private static final String NAME = "Name: ";
  private static final String BEGIN = "-----BEGIN ";
  private static final int MAX_BYTES = 1 << 14;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private NamedKeyFile() {}

  /** Creates a key in a new file. */
  static VerifierKey create(Path file, String name) throws CommandFailure {
    SigningKey key = SigningKey.generate();
    Path parent = file.toAbsolutePath().getParent();
    CommandFailure.refuseIf(
        parent == null || !Files.isDirectory(parent),
        "%s: its directory does not exist; create it first",
        file);
    try {
      DurableFiles.create(
          file, (NAME + name + "\n" + key.toPem()).getBytes(StandardCharsets.UTF_8));
      DurableFiles.syncNames(file.toAbsolutePath().getParent());
    } catch (FileAlreadyExistsException e) {
      throw CommandFailure.usage(
          "%s: exists already, and a key is never overwritten; name a new file", file);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be written: %s", file, DurableFiles.reason(e));
    }
    return NoteSigner.of(name, key).verifierKey();
  }

  /**
   * Reads a key.
   *
   * @param name the name of the key; null to take the name in the file
   */
  static NoteSigner read(Path file, @Nullable String name) throws CommandFailure, KeyException {
    String text = text(file);
    Optional<String> stated =
        text.substring(0, begin(text))
            .lines()
            .filter(line -> line.startsWith(NAME))
            .map(line -> line.substring(NAME.length()))
            .findFirst();
    String chosen = name == null ? stated.orElse("") : name;
    CommandFailure.refuseIf(
        !VerifierKey.isName(chosen),
        "%s: the file does not name its key; give the name with --name",
        file);
    return NoteSigner.of(chosen, key(file, text));
  }

  /** Reads a key whose name is known from elsewhere; the file need not state one. */
  static SigningKey readKey(Path file) throws CommandFailure, KeyException {
    return key(file, text(file));
  }

  private static SigningKey key(Path file, String text) throws KeyException {
    return SigningKey.fromPem(text.substring(begin(text)), file.toString());
  }

  private static int begin(String text) {
    return Math.max(0, text.indexOf(BEGIN));
  }

  private static String text(Path file) throws CommandFailure {
    try {
      CommandFailure.refuseIf(
          Files.isDirectory(file) || Files.size(file) > MAX_BYTES,
          "%s: is not a private key in PEM form",
          file);
      requirePrivate(file);
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage(
          "%s: no such file; create a key with 'indelible policy keygen'", file);
    } catch (IOException e) {
      throw CommandFailure.usage(
          "%s: %s",
          file, FileAccess.READ.refusal(file).orElse("cannot be read: " + DurableFiles.reason(e)));
    }
  }

  private static void requirePrivate(Path file) throws IOException, CommandFailure {
    if (!DurableFiles.isPosix(file)) {
      return;
    }
    // Of a symbolic link, the mode of the file counts.
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    CommandFailure.refuseIf(
        !OWNER_ONLY.containsAll(mode),
        "%s: others can read this key (mode %s); run 'chmod 600 %s', and replace the key if they may"
            + " have read it",
        file,
        PosixFilePermissions.toString(mode),
        file);
  }
}
