// SPDX-License-Identifier: Apache-2.0
import { type Bytes, concat, equal, FormatError, fromHex, toHex } from './bytes';

/**
 * Reports that this browser offers no WebCrypto here, so nothing can be verified. A browser offers
 * it to pages of https, of loopback, and to files opened from disk.
 */
export class CryptoUnavailableError extends Error {
  constructor() {
    super('this browser offers no WebCrypto on this page, so nothing can be computed here');
  }
}

/** Result of one signature check. */
export type Verified = 'valid' | 'invalid' | 'unsupported';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_ID_BYTES = 8;

/** The prime of the field of Ed25519. */
const P = 2n ** 255n - 19n;

/**
 * The y coordinates of the points of small order. Anyone can make signatures that verify under
 * these keys, and implementations disagree about them.
 */
const SMALL_ORDER: readonly bigint[] = [
  0n,
  1n,
  P - 1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
];

function subtle(): SubtleCrypto {
  const found = (globalThis as { crypto?: Crypto }).crypto?.subtle;
  if (found === undefined) {
    throw new CryptoUnavailableError();
  }
  return found;
}

/** Returns the SHA-256 hash. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest('SHA-256', bytes));
}

/** Returns the SHA-256 hash of a raw key, in hex. */
export async function fingerprintOf(raw: Bytes): Promise<string> {
  return toHex(await sha256(raw));
}

/**
 * An Ed25519 public key (RFC 8032). Immutable.
 *
 * Only the canonical encoding of a point that is not of small order is accepted. A point outside
 * the group of prime order is not recognized, because that needs curve arithmetic; only the owner
 * of a key can make one.
 */
export class Ed25519Key {
  readonly raw: Bytes;

  /** SHA-256 of the raw key, in hex. */
  readonly fingerprint: string;

  private imported: Promise<CryptoKey> | undefined;

  private constructor(raw: Bytes, fingerprint: string) {
    this.raw = raw;
    this.fingerprint = fingerprint;
  }

  /**
   * Returns the key of 32 raw bytes.
   *
   * @throws FormatError if they are not a key
   */
  static async of(raw: Bytes): Promise<Ed25519Key> {
    if (raw.length !== KEY_BYTES) {
      throw new FormatError(`an Ed25519 public key is ${KEY_BYTES} bytes, not ${raw.length}`);
    }
    const y = BigInt('0x' + toHex(raw.slice().reverse())) & (2n ** 255n - 1n);
    if (y >= P || SMALL_ORDER.includes(y)) {
      throw new FormatError('these 32 bytes are not a valid Ed25519 public key');
    }
    return new Ed25519Key(raw.slice(), await fingerprintOf(raw));
  }

  /** The id that rows state for this key. */
  get keyId(): string {
    return this.fingerprint.substring(0, 2 * KEY_ID_BYTES);
  }

  equals(other: Ed25519Key): boolean {
    return equal(this.raw, other.raw);
  }

  /** Checks that this key made a signature of exactly 64 bytes over a message. */
  async verify(message: Bytes, signature: Bytes): Promise<Verified> {
    if (signature.length !== SIGNATURE_BYTES) {
      return 'invalid';
    }
    if (!(await hasEd25519())) {
      return 'unsupported';
    }
    return (await this.verifies(message, signature)) ? 'valid' : 'invalid';
  }

  private async verifies(message: Bytes, signature: Bytes): Promise<boolean> {
    this.imported ??= subtle().importKey('raw', this.raw, 'Ed25519', false, ['verify']);
    try {
      return await subtle().verify('Ed25519', await this.imported, signature, message);
    } catch (e) {
      // The bytes of the key are not a point of the curve. Any other failure proves nothing.
      if (e instanceof DOMException && e.name === 'DataError') {
        return false;
      }
      throw e;
    }
  }
}

let supported: Promise<boolean> | undefined;

/**
 * Returns true if WebCrypto has a working Ed25519: it accepts test 1 of RFC 8032 section 7.1, and
 * refuses that signature over another message. Asked once.
 */
function hasEd25519(): Promise<boolean> {
  supported ??= probe();
  return supported;
}

async function probe(): Promise<boolean> {
  const key = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', KEY_BYTES, 'key');
  const signature = concat(
    fromHex('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155', 32, 'R'),
    fromHex('5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b', 32, 'S'),
  );
  try {
    const imported = await subtle().importKey('raw', key, 'Ed25519', false, ['verify']);
    const accepts = await subtle().verify('Ed25519', imported, signature, new Uint8Array(0));
    const refuses = !(await subtle().verify('Ed25519', imported, signature, new Uint8Array(1)));
    return accepts && refuses;
  } catch {
    return false;
  }
}

/** The reason of each step that needs an Ed25519 signature where the browser cannot check one. */
export const NO_ED25519 =
  'this browser has no Ed25519 in its WebCrypto; use a newer browser, or "indelible proof verify"';
