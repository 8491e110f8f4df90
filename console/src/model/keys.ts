// SPDX-License-Identifier: Apache-2.0
import { NO_KEYS, parseKeys, type PinnedKeys } from '../proof/keys.ts';

const STORED = 'indelible.keys';

/** The text of the keys, where the browser keeps nothing: they last as long as the page. */
let unkept = '';

/** Returns the text of the keys that the reader trusts. They are public, so the browser keeps them. */
export function pinnedText(): string {
  try {
    return localStorage.getItem(STORED) ?? unkept;
  } catch {
    return unkept;
  }
}

/** Returns the keys that the reader trusts; none if what the browser keeps cannot be read. */
export async function pinnedKeys(): Promise<PinnedKeys> {
  try {
    return await parseKeys(pinnedText());
  } catch {
    return NO_KEYS;
  }
}

/** Keeps keys in place of the earlier ones, if they can be read. */
export async function pin(text: string): Promise<PinnedKeys> {
  const keys = await parseKeys(text);
  unkept = '';
  try {
    if (text.trim() === '') localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, text.trim());
  } catch {
    unkept = text.trim();
  }
  return keys;
}
