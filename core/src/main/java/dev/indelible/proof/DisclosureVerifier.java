// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.checkpoint.WitnessPolicy.Witnessed;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.note.RowFault;
import dev.indelible.note.ShardCheckpoint;
import dev.indelible.proof.DisclosureException.Reason;
import dev.indelible.proof.ProvenDisclosure.RowSignature;
import dev.indelible.receipt.CoseReceipt;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Verifies receipts: that a record is in a log, and that the disclosed row, its payload and its
 * signature agree with the record. Needs trusted keys, but not the log. Immutable.
 */
public final class DisclosureVerifier {
  private final TrustedKeys keys;
  private final WitnessPolicy policy;

  /** Creates a verifier that trusts keys, and requires no cosignature. */
  public DisclosureVerifier(TrustedKeys keys) {
    this(keys, WitnessPolicy.ofLogs(List.of()));
  }

  /**
   * Creates a verifier that trusts keys and the logs of a policy, and requires the policy's quorum.
   */
  public DisclosureVerifier(TrustedKeys keys, WitnessPolicy policy) {
    this.keys = keys;
    this.policy = policy;
  }

  /**
   * Verifies a tlog-proof and its disclosure.
   *
   * @throws DisclosureException if the proof does not prove the record, or the row contradicts it
   */
  public ProvenDisclosure verify(TlogProof proof, Disclosure disclosure)
      throws DisclosureException {
    String origin = proof.checkpoint().unverified().origin();
    try {
      WitnessPolicy trusted = policy.alsoTrusting(logs(origin));
      Witnessed witnessed = proof.verify(disclosure.record(), trusted);
      requireEachType(proof.checkpoint());
      return row(
          disclosure, proof.index(), rowKeys(trusted, origin), witnessed.log().key(), witnessed);
    } catch (VerificationException e) {
      throw DisclosureException.of(e);
    }
  }

  /**
   * Row that two receipts prove to be in a shard of a fleet.
   *
   * @param shard the name of the shard
   * @param event the row of the shard
   * @param admission the row of the log of logs that admits the shard's checkpoint
   */
  public record InFleet(String shard, ProvenDisclosure event, ProvenDisclosure admission) {}

  /**
   * Verifies the two receipts of an event in a shard of a fleet: that the log of logs has admitted
   * a checkpoint of the shard, and that the event is under this checkpoint. The trusted keys and
   * the quorum are those of the log of logs, which names the shard's key.
   *
   * @param proof the receipt of the event, with its disclosure
   * @param admission the receipt of the row {@code shard.checkpoint}, with record and payload
   * @throws DisclosureException if one of them does not prove its record, or they do not belong
   *     together
   */
  public InFleet verify(
      TlogProof proof, Disclosure disclosure, TlogProof admission, Disclosure admitted)
      throws DisclosureException {
    ProvenDisclosure inLogOfLogs = verify(admission, admitted);
    ShardCheckpoint content =
        ShardCheckpoint.read(inLogOfLogs.row())
            .orElseThrow(
                () ->
                    new DisclosureException(
                        Reason.NOT_A_RECORD,
                        "the receipt of the log of logs is not that of a row shard.checkpoint with"
                            + " its payload",
                        null));
    if (!content.signed().note().text().equals(proof.checkpoint().note().text())) {
      throw new DisclosureException(
          Reason.REFUTED,
          "the receipts do not belong together: the log of logs has admitted another checkpoint"
              + " than the one of the event",
          null);
    }
    Set<VerifierKey> named = new LinkedHashSet<>(keys.named());
    named.add(content.key());
    ProvenDisclosure event =
        new DisclosureVerifier(new TrustedKeys(named, keys.nameless())).verify(proof, disclosure);
    return new InFleet(content.shard(), event, inLogOfLogs);
  }

  /**
   * Verifies a COSE receipt and its disclosure. The policy is not used, because a COSE receipt has
   * no cosignatures.
   *
   * @throws DisclosureException if the receipt does not prove the record, or the row contradicts it
   */
  public ProvenDisclosure verify(CoseReceipt receipt, Disclosure disclosure)
      throws DisclosureException {
    try {
      VerificationKey signer = signer(receipt, disclosure.record());
      return row(disclosure, receipt.proof().index(), keys.all(), signer, null);
    } catch (VerificationException e) {
      throw DisclosureException.of(e);
    }
  }

  /**
   * Requires a signature of each type of which the log has a trusted key, so that a checkpoint
   * without the ML-DSA-44 signature is refused where that key is known.
   */
  private void requireEachType(SignedCheckpoint signed) throws VerificationException {
    String origin = signed.unverified().origin();
    Set<VerificationKey> ed25519 = keys.of(origin);
    if (!ed25519.isEmpty()) {
      signed.verify(origin, VerifierKey.ofLog(origin, ed25519));
    }
    List<VerifierKey> mlDsa44 =
        keys.mlDsa44().stream().filter(key -> key.name().equals(origin)).toList();
    if (mlDsa44.isEmpty()) {
      return;
    }
    try {
      signed.note().verify(mlDsa44);
    } catch (VerificationException e) {
      throw e.reason() == VerificationException.Reason.NO_KNOWN_SIGNATURE
          ? new VerificationException(
              e.reason(), "its checkpoint has no signature of the given ML-DSA-44 key")
          : e;
    }
  }

  /** Returns the trusted keys that are not in the policy already. */
  private Set<VerifierKey> logs(String origin) throws VerificationException {
    try {
      Set<VerifierKey> logs = keys.under(origin);
      policy.logs().forEach(log -> logs.remove(log.key()));
      return logs;
    } catch (IllegalArgumentException e) {
      throw new VerificationException(
          VerificationException.Reason.UNKNOWN_ORIGIN, String.valueOf(e.getMessage()));
    }
  }

  private Set<VerificationKey> rowKeys(WitnessPolicy trusted, String origin) {
    Set<VerificationKey> all = keys.all();
    for (WitnessPolicy.Log log : trusted.logs()) {
      if (log.key().name().equals(origin) && log.key().key() instanceof VerificationKey key) {
        all.add(key);
      }
    }
    return all;
  }

  /** Returns the trusted key that signed a receipt. */
  private VerificationKey signer(CoseReceipt receipt, byte[] record) throws VerificationException {
    VerificationException unknown =
        new VerificationException(
            VerificationException.Reason.NO_KNOWN_SIGNATURE,
            "no trusted key was given to verify the receipt");
    for (VerificationKey key : keys.all()) {
      try {
        receipt.verify(record, key);
        return key;
      } catch (VerificationException e) {
        if (e.reason() != VerificationException.Reason.NO_KNOWN_SIGNATURE) {
          throw e;
        }
        unknown = e;
      }
    }
    throw unknown;
  }

  /** Compares the row with its proven record, its payload and its signature. */
  private static ProvenDisclosure row(
      Disclosure disclosure,
      long index,
      Set<VerificationKey> rowKeys,
      SignatureKey signer,
      @Nullable Witnessed checkpoint)
      throws DisclosureException {
    try {
      ChainRow row = disclosure.row();
      List<RowFault> faults = disclosure.faults(index, KeyRing.of(rowKeys));
      Optional<RowFault> wrong = faults.stream().filter(RowFault::proven).findFirst();
      if (wrong.isPresent()) {
        throw new DisclosureException(
            Reason.REFUTED, wrong.get().check() + ": " + wrong.get().message(), null);
      }
      RowSignature signature =
          row.isUnsigned()
              ? RowSignature.UNSIGNED
              : faults.isEmpty() ? RowSignature.OK : RowSignature.UNKNOWN;
      return new ProvenDisclosure(row, signature, signer, checkpoint);
    } catch (JsonFormatException e) {
      throw new DisclosureException(Reason.NOT_A_RECORD, String.valueOf(e.getMessage()), e);
    }
  }
}
