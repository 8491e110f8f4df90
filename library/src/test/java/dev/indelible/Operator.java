// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.note.OperatorNote;
import dev.indelible.note.PolicyNote;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An operator of tests, with a key that is not in the data directory.
 *
 * @param signer the key with its name
 */
record Operator(NoteSigner signer) {
  static Operator named(String name) {
    return new Operator(NoteSigner.of(name, SigningKey.generate()));
  }

  VerifierKey key() {
    return signer.verifierKey();
  }

  /** Records this operator's key as the first one; returns the log's origin. */
  String trustedBy(DataDirectory data) throws Exception {
    return data.trustOperator(key(), Optional.empty()).origin();
  }

  /** Returns the note with which this operator introduces the next one. */
  String introduces(Operator next, String origin) {
    return new OperatorNote(origin, next.key()).sign(signer).toString();
  }

  /** Returns a signed note over a policy. */
  String signs(RulePolicy policy, String origin, long number) {
    return new PolicyNote(origin, number, policy.digest()).sign(signer).toString();
  }

  /** Signs the rules of a directory, beside them. */
  void sign(Path policy, String origin, long number) throws IOException, PolicyException {
    Files.writeString(
        policy.resolve(RulePolicy.SIGNATURE_FILE), signs(RulePolicy.load(policy), origin, number));
  }
}
