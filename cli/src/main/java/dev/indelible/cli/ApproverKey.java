// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The private key of an approver, in a file of PKCS#8 PEM that only its owner can read. */
final class ApproverKey {
  private static final String BEGIN = "-----BEGIN ";

  private ApproverKey() {}

  /** Reads the key in a file. Lines before it, for example with its name, are skipped. */
  static SigningKey read(Path file) throws CommandFailure, KeyException {
    try {
      String text = Files.readString(file);
      if (DurableFiles.isPosix(file)) {
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        CommandFailure.refuseIf(
            !mode.endsWith("------"),
            "%s: others can read this key (mode %s); run 'chmod 600 %s', and replace the key if they may have read it",
            file,
            mode,
            file);
      }
      return SigningKey.fromPem(text.substring(Math.max(0, text.indexOf(BEGIN))), file.toString());
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage("%s: no such file; name the file of your private key", file);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", file, DurableFiles.reason(e));
    }
  }
}
