// SPDX-License-Identifier: Apache-2.0
import { concat, equal, FormatError, fromBase64, shown, slice, toBase64, utf8 } from './bytes';
import { type Checkpoint, cosignedMessage, parseCosignature, TIME_BYTES } from './checkpoint';
import { Ed25519Key, fingerprintOf, sha256, type Verified } from './crypto';
import { isKeyName, type NoteSignature } from './note';

/** Signature types of C2SP signed-note. */
const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const ML_DSA_44 = 0x06;

const ED25519_SIGNATURE_BYTES = 64;
const ML_DSA_44_KEY_BYTES = 1312;
const ML_DSA_44_SIGNATURE_BYTES = 2420;

/** The SubjectPublicKeyInfo of an Ed25519 key (RFC 8410), up to its 32 raw bytes. */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** A key that the reader trusts to sign for a log. */
export interface LogKey {
  /** The name of the log; undefined if the key is trusted for any log. */
  readonly name: string | undefined;
  readonly key: Ed25519Key;
}

/** A key that the reader trusts to cosign. */
export interface WitnessKey {
  readonly name: string;
  readonly id: number;
  /** SHA-256 of the raw key, in hex. */
  readonly fingerprint: string;
  /** The key; undefined for an ML-DSA-44 key, whose signatures browsers cannot check. */
  readonly key: Ed25519Key | undefined;
}

/** The keys that the reader trusts. A key from the data that is verified proves nothing. */
export interface PinnedKeys {
  readonly logs: readonly LogKey[];
  /** An ML-DSA-44 key in the name of a log is the second key that signs its checkpoints. */
  readonly witnesses: readonly WitnessKey[];
}

/** No keys. */
export const NO_KEYS: PinnedKeys = { logs: [], witnesses: [] };

/**
 * Reads keys to pin: vkeys, one a line, of logs or witnesses, or PEM public keys.
 *
 * @throws FormatError if the text has anything else
 */
export async function parseKeys(text: string): Promise<PinnedKeys> {
  const logs: LogKey[] = [];
  const witnesses: WitnessKey[] = [];
  const vkeys = text.replace(
    /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----/g,
    (_, pem: string) => `\npem ${pem.replace(/\s/g, '')}\n`,
  );
  for (const line of vkeys.split(/[\r\n]+/).map((each) => each.trim())) {
    if (line === '') {
      continue;
    }
    const key = line.startsWith('pem ') ? await pemKey(line.substring(4)) : await parseVkey(line);
    if ('id' in key) {
      witnesses.push(key);
    } else {
      logs.push(key);
    }
  }
  return { logs, witnesses };
}

async function pemKey(base64: string): Promise<LogKey> {
  const der = fromBase64(base64, 'the PEM key');
  if (!equal(der.subarray(0, SPKI.length), SPKI)) {
    throw new FormatError('the PEM text is not an Ed25519 public key');
  }
  return { name: undefined, key: await Ed25519Key.of(slice(der, SPKI.length)) };
}

/**
 * Reads a vkey, `name+id+key` (C2SP signed-note).
 *
 * @throws FormatError if it is not one, or its id is not that of its name and key
 */
export async function parseVkey(vkey: string): Promise<LogKey | WitnessKey> {
  const [, name, id, base64] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(vkey) ?? [];
  if (name === undefined || id === undefined || base64 === undefined || !isKeyName(name)) {
    throw new FormatError(`"${shown(vkey)}" is neither a vkey (name+id+key) nor a PEM public key`);
  }
  const material = fromBase64(base64, `the key of ${shown(name)}`);
  const type = material[0];
  const raw = slice(material, 1);
  const actual = await noteKeyId(name, material);
  if (actual !== parseInt(id, 16)) {
    throw new FormatError(`the id of the vkey of ${shown(name)} is not that of its name and key`);
  }
  switch (type) {
    case ED25519:
      return { name, key: await Ed25519Key.of(raw) };
    case COSIGNATURE: {
      const key = await Ed25519Key.of(raw);
      return { name, id: actual, fingerprint: key.fingerprint, key };
    }
    case ML_DSA_44:
      if (raw.length !== ML_DSA_44_KEY_BYTES) {
        throw new FormatError(`an ML-DSA-44 public key is ${ML_DSA_44_KEY_BYTES} bytes`);
      }
      return { name, id: actual, fingerprint: await fingerprintOf(raw), key: undefined };
    default:
      throw new FormatError(`the vkey of ${shown(name)} has a signature type that is not supported`);
  }
}

/** Returns true if a key is the ML-DSA-44 key of a log, and not of a witness. */
export function isSecondKeyOf(origin: string, witness: WitnessKey): boolean {
  return witness.key === undefined && witness.name === origin;
}

/** Returns true if a signature line has the form of the ML-DSA-44 signature of a log. */
export function isSecondSignature(origin: string, line: NoteSignature): boolean {
  return line.name === origin && line.signature.length === TIME_BYTES + ML_DSA_44_SIGNATURE_BYTES;
}

/** Returns the id that signature lines state for a log's key under a name. */
export function logKeyId(name: string, key: Ed25519Key): Promise<number> {
  return noteKeyId(name, concat(Uint8Array.of(ED25519), key.raw));
}

/** Returns the vkey of a log's key. */
export async function vkeyOf(name: string, key: Ed25519Key): Promise<string> {
  const id = (await logKeyId(name, key)).toString(16).padStart(8, '0');
  return `${name}+${id}+${toBase64(concat(Uint8Array.of(ED25519), key.raw))}`;
}

async function noteKeyId(name: string, material: Uint8Array): Promise<number> {
  const hash = await sha256(concat(utf8(`${name}\n`), material));
  return new DataView(hash.buffer).getUint32(0);
}

/** Result of checking a cosignature, with its time if it has one. */
export interface CosignatureResult {
  readonly verified: Verified;
  /** In seconds since 1970. */
  readonly time: bigint;
}

/** Checks a signature line that names a witness's key. */
export async function verifyCosignature(
  witness: WitnessKey,
  line: NoteSignature,
  checkpoint: Checkpoint,
): Promise<CosignatureResult> {
  const length = witness.key ? ED25519_SIGNATURE_BYTES : ML_DSA_44_SIGNATURE_BYTES;
  try {
    const { time, signature } = parseCosignature(line, length);
    const verified: Verified = witness.key
      ? await witness.key.verify(cosignedMessage(time, checkpoint.note.text), signature)
      : 'unsupported';
    return { verified, time };
  } catch (e) {
    if (e instanceof FormatError) {
      return { verified: 'invalid', time: 0n };
    }
    throw e;
  }
}

/** Returns the Ed25519 key in standard base64. */
export async function keyFromBase64(text: string, what: string): Promise<Ed25519Key> {
  return Ed25519Key.of(fromBase64(text, what));
}

/** Returns a fingerprint in groups, for people to compare. */
export function grouped(fingerprint: string): string {
  return fingerprint.match(/.{1,4}/g)?.join(' ') ?? '';
}
