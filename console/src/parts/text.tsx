// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { count, pieces } from '../model/text.ts';

/**
 * Text that somebody else wrote. Characters that would not show, or would reorder other text, are
 * shown by their numbers.
 */
export function Foreign({ text, mark }: { text: string; mark?: string | undefined }): JSX.Element {
  const at = mark ? text.indexOf(mark) : -1;
  if (!mark || at < 0) return <bdi>{shown(text)}</bdi>;
  return (
    <bdi>
      {shown(text.slice(0, at))}
      <mark>{shown(mark)}</mark>
      {shown(text.slice(at + mark.length))}
    </bdi>
  );
}

function shown(text: string): (string | JSX.Element)[] {
  return pieces(text).map((piece) =>
    piece.hidden ? <span class="hidden-char" title="a character that does not show">{piece.text}</span> : piece.text,
  );
}

const SHOWN_AT_FIRST = 4_000;
const SHOWN_AT_ONCE = 64_000;

/** A block of text that somebody else wrote; of a long one, the beginning, and more on request. */
export function Block({ text, mark, label }: { text: string; mark?: string | undefined; label?: string }): JSX.Element {
  const [length, setLength] = useState(SHOWN_AT_FIRST);
  const rest = text.length - length;
  return (
    <div class="block">
      <pre tabIndex={0} aria-label={label}>
        <Foreign text={rest > 0 ? text.slice(0, length) : text} mark={mark} />
      </pre>
      {rest > 0 && (
        <button type="button" class="quiet" onClick={() => setLength(length + SHOWN_AT_ONCE)}>
          Show more: {count(rest)} of {count(text.length)} characters are not shown
        </button>
      )}
    </div>
  );
}

/** A button that copies a text. */
export function Copy({ text, what }: { text: string; what: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <button type="button" class="icon-button copy" onClick={copy} title={`Copy ${what}`} aria-label={`Copy ${what}`}>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        {copied ? <path d="m3.500 8.500 3 3 6-7" /> : <path d="M5.500 5.500v-3h8v8h-3m-8-5h8v8h-8z" />}
      </svg>
      <span class="sr" role="status">{copied ? 'copied' : ''}</span>
    </button>
  );
}

/** A long value in fixed width, for example a digest, with a button that copies it. */
export function Code({ text, what, short }: { text: string; what: string; short?: number }): JSX.Element {
  return (
    <span class="code">
      <code title={short ? text : undefined}>
        <Foreign text={short && text.length > short ? text.slice(0, short) + '…' : text} />
      </code>
      <Copy text={text} what={what} />
    </span>
  );
}
