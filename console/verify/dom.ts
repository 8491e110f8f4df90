// SPDX-License-Identifier: Apache-2.0

/** Maximum number of characters of a payload that are shown. */
const SHOWN_CHARACTERS = 20_000;

/** Returns untrusted text, isolated from the direction of the text around it. */
export function foreign(text: string): HTMLElement {
  const cut = text.length > SHOWN_CHARACTERS;
  const more = `\n… and ${count(text.length - SHOWN_CHARACTERS)} characters more`;
  return element('bdi', '', visible(text.slice(0, SHOWN_CHARACTERS)) + (cut ? more : ''));
}

/** Returns text in which invisible characters, except line breaks, are written as escapes. */
export function visible(text: string): string {
  return text.replace(
    /[^\n\P{C}]|[\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** Returns a whole number with separators. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** Returns a new element. */
export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** Returns an element of the page, which exists. */
export function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

/** Listens to an element of the page. */
export function on(id: string, type: string, listener: (event: globalThis.Event) => void): void {
  byId(id).addEventListener(type, listener);
}
