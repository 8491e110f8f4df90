// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '../src/proof/bytes';
import type { DecisionReport, StepName } from '../src/proof/decision';
import type { LogReport } from '../src/proof/export';
import type { FileReport } from '../src/proof/files';
import { grouped, parseKeys } from '../src/proof/keys';
import type { Judgement, Status } from '../src/proof/step';
import { answer, type VerifyAnswer, type VerifyRequest } from '../src/proof/worker';

type Given = VerifyRequest['files'];

const STORED_KEYS = 'indelible-verify-keys';

/** Maximum number of characters of a payload that are shown. */
const SHOWN_CHARACTERS = 20_000;

const STATES: Readonly<Record<Status, string>> = { ok: '✓ ok', wrong: '✗ wrong', unknown: '? unknown' };

const STEP_NAMES: Readonly<Record<StepName, string>> = {
  payload: 'Payload hash',
  record: 'Record',
  signature: 'Signature of the row',
  leaf: 'Leaf',
  path: 'Path to the root',
  checkpoint: 'Checkpoint',
  signatures: 'Signature of the log',
  witnesses: 'Witnesses',
};

const DECISION_VERDICTS: Readonly<Record<DecisionReport['verdict'], readonly [Status, string, string]>> = {
  proven: ['ok', 'Proven', 'The record is in the log that a pinned key signed.'],
  refuted: ['wrong', 'Refuted', 'At least one step is wrong.'],
  unknown: ['unknown', 'Unknown', 'What was given does not decide it.'],
};

const LOG_VERDICTS: Readonly<Record<LogReport['verdict'], readonly [Status, string, string]>> = {
  intact: ['ok', 'Intact', 'Every row is in its place, and in the tree of a checkpoint that a pinned key signed.'],
  broken: ['wrong', 'Broken', 'At least one check found a fault.'],
  unknown: ['unknown', 'Unknown', 'What was given does not decide it.'],
};

/** Shows the page. */
export class Page {
  /** The text of the script, which the worker runs too. */
  private readonly script: string;

  /** The lines of the pinned keys, as they were given. */
  private keys: readonly string[] = [];

  private given: Given = [];
  private worker: Worker | undefined;

  /** The number of the verification that runs; answers of earlier ones are dropped. */
  private run = 0;

  constructor(script: string) {
    this.script = script;
  }

  start(): void {
    this.keys = loadKeys();
    void this.showKeys();
    on('pin', 'submit', (event) => {
      event.preventDefault();
      void this.pin();
    });
    this.acceptDrops();
    for (const kind of ['files', 'folder']) {
      const input = byId(kind) as HTMLInputElement;
      on(`choose-${kind}`, 'click', () => input.click());
      input.addEventListener('change', () => {
        this.verify([...(input.files ?? [])].map((file) => ({ path: pathOf(file), file })));
        input.value = '';
      });
    }
    on('stop', 'click', () => this.stop('Stopped.'));
  }

  private async pin(): Promise<void> {
    const input = byId('key') as HTMLTextAreaElement;
    try {
      const { logs, witnesses } = await parseKeys(input.value);
      if (logs.length + witnesses.length === 0) {
        throw new Error('paste a key first');
      }
      const lines = input.value.includes('-----BEGIN')
        ? [input.value.trim()]
        : input.value.split('\n').map((line) => line.trim());
      this.keep([...new Set([...this.keys, ...lines.filter((line) => line !== '')])]);
      input.value = '';
      byId('key-problem').textContent = '';
    } catch (e) {
      byId('key-problem').textContent = `Not pinned: ${visible(messageOf(e))}.`;
    }
  }

  /** Keeps other keys, and verifies again with them. */
  private keep(keys: readonly string[]): void {
    this.keys = keys;
    saveKeys(keys);
    void this.showKeys();
    if (this.given.length > 0) {
      this.verify(this.given);
    }
  }

  private async showKeys(): Promise<void> {
    const rows = await Promise.all(this.keys.map((line) => this.keyRow(line)));
    byId('keys').replaceChildren(...rows);
  }

  private async keyRow(line: string): Promise<HTMLElement> {
    const found: HTMLElement[] = [];
    try {
      const { logs, witnesses } = await parseKeys(line);
      for (const { name, key } of logs) {
        found.push(keyText(name ?? 'any log', 'log', key.fingerprint));
      }
      for (const { name, key, fingerprint } of witnesses) {
        found.push(keyText(name, key ? 'witness' : 'witness or log, ML-DSA-44', fingerprint));
      }
    } catch (e) {
      found.push(element('span', 'state wrong', visible(messageOf(e))));
    }
    const remove = element('button', '', 'Remove') as HTMLButtonElement;
    remove.type = 'button';
    remove.addEventListener('click', () => this.keep(this.keys.filter((each) => each !== line)));
    return element('li', '', element('div', '', ...found), remove);
  }

  private acceptDrops(): void {
    const drop = byId('drop');
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    document.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) {
        drop.classList.remove('over');
      }
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer) {
        void droppedFiles(event.dataTransfer.items).then(
          (files) => this.verify(files),
          (e: unknown) =>
            this.summarize(`The files cannot be read (${visible(messageOf(e))}). Choose them with a button.`),
        );
      }
    });
  }

  private verify(files: Given): void {
    if (files.length === 0) {
      return;
    }
    this.stop('Verifying …');
    this.given = files;
    byId('results').replaceChildren();
    const run = this.run;
    const receive = (each: VerifyAnswer): void => {
      if (run === this.run) {
        this.receive(each);
      }
    };
    const request: VerifyRequest = { keys: this.keys.join('\n'), files };
    try {
      const url = URL.createObjectURL(new Blob([this.script], { type: 'text/javascript' }));
      const worker = new Worker(url);
      URL.revokeObjectURL(url);
      worker.onmessage = ({ data }: MessageEvent<VerifyAnswer>) => receive(data);
      worker.onerror = () => receive({ failure: 'the worker failed' });
      worker.postMessage(request);
      this.worker = worker;
    } catch {
      // A browser that has no workers here computes in the page.
      void answer(request, receive);
    }
  }

  private receive(each: VerifyAnswer): void {
    if ('rows' in each) {
      byId('progress').hidden = false;
      (document.querySelector('progress') as HTMLProgressElement).value = each.rows / each.of;
      byId('progress-text').textContent = `${count(each.rows)} of ${count(each.of)} rows`;
    } else if ('failure' in each) {
      this.stop(`It could not be verified: ${visible(each.failure)}.`);
    } else {
      this.stop(summaryOf(each.reports));
      byId('results').replaceChildren(...each.reports.map(article));
    }
  }

  private stop(summary: string): void {
    this.run++;
    this.worker?.terminate();
    this.worker = undefined;
    byId('progress').hidden = true;
    this.summarize(summary);
  }

  private summarize(summary: string): void {
    byId('summary').textContent = summary;
  }
}

function loadKeys(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_KEYS) ?? '[]');
    return Array.isArray(stored) ? stored.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

function saveKeys(keys: readonly string[]): void {
  try {
    localStorage.setItem(STORED_KEYS, JSON.stringify(keys));
  } catch {
    byId('key-problem').textContent =
      'This browser stores nothing for this page: the keys last until you close it.';
  }
}

export function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

/** A file or folder that was dropped, as Chromium offers it. */
type Handle =
  | { readonly kind: 'file'; readonly name: string; getFile(): Promise<File> }
  | { readonly kind: 'directory'; readonly name: string; values(): AsyncIterable<Handle> };

/** An item of a drop. Not every browser has handles. */
interface DroppedItem extends DataTransferItem {
  getAsFileSystemHandle?(): Promise<Handle | null>;
}

/**
 * Returns the files that were dropped, and those in folders that were dropped. Chromium does not read
 * the entries of a page that was opened from disk, only the handles; Firefox and Safari have entries.
 */
export async function droppedFiles(items: Iterable<DroppedItem>): Promise<Given> {
  const found: { path: string; file: File }[] = [];
  // Both must be asked for before the event ends, so nothing is awaited until then.
  const waiting = Array.from(items, (item) =>
    item.getAsFileSystemHandle === undefined
      ? { entry: item.webkitGetAsEntry() }
      : { handle: item.getAsFileSystemHandle() },
  );
  for (const each of waiting) {
    if (each.handle !== undefined) {
      await addHandle(await each.handle, '', found);
    } else {
      await addEntry(each.entry, found);
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function addHandle(
  handle: Handle | null,
  folder: string,
  found: { path: string; file: File }[],
): Promise<void> {
  if (handle?.kind === 'file') {
    found.push({ path: folder + handle.name, file: await handle.getFile() });
  } else if (handle !== null) {
    for await (const each of handle.values()) {
      await addHandle(each, `${folder}${handle.name}/`, found);
    }
  }
}

async function addEntry(
  entry: FileSystemEntry | null,
  found: { path: string; file: File }[],
): Promise<void> {
  if (entry?.isFile) {
    const at = entry as FileSystemFileEntry;
    const file = await new Promise<File>((resolve, reject) => at.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
  } else if (entry?.isDirectory) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (let part = await entriesOf(reader); part.length > 0; part = await entriesOf(reader)) {
      for (const each of part) {
        await addEntry(each, found);
      }
    }
  }
}

/** Returns the next entries of a folder; browsers return at most some hundred at once. */
function entriesOf(reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function summaryOf(reports: readonly FileReport[]): string {
  const titles = reports.map((each) => titleOf(each));
  return [...new Set(titles)]
    .map((title) => `${count(titles.filter((each) => each === title).length)} ${title.toLowerCase()}`)
    .join(', ');
}

function titleOf(each: FileReport): string {
  switch (each.kind) {
    case 'log':
      return LOG_VERDICTS[each.report.verdict][1];
    case 'decision':
      return DECISION_VERDICTS[each.report.verdict][1];
    case 'unread':
      return 'Not verified';
  }
}

function article(each: FileReport): HTMLElement {
  switch (each.kind) {
    case 'log':
      return element('article', '', verdict(each.name, LOG_VERDICTS[each.report.verdict]), ...log(each.report));
    case 'decision':
      return element('article', '', verdict(each.name, DECISION_VERDICTS[each.report.verdict]), ...decision(each.report));
    case 'unread':
      return element('article', '', verdict(each.name, ['unknown', 'Not verified', `${each.reason}.`]));
  }
}

function verdict(name: string, [status, title, text]: readonly [Status, string, string]): HTMLElement {
  return element(
    'div',
    `verdict ${status}`,
    element('h3', '', foreign(name)),
    element('p', '', element('strong', '', title)),
    element('p', '', visible(text)),
  );
}

function decision({ row, payload, steps, checkpoint, verdict: found }: DecisionReport): HTMLElement[] {
  const facts: HTMLElement[] = [];
  const fact = (name: string, ...value: (Node | string)[]): void => {
    facts.push(element('dt', '', name), element('dd', '', ...value));
  };
  if (row !== undefined && found !== 'proven') {
    facts.push(element('p', 'caution', `The following is ${found === 'refuted' ? 'refuted' : 'not proven'}.`));
  }
  if (row !== undefined) {
    fact('Row', count(row.sequence) + (checkpoint ? ` of ${checkpoint.size}` : ''));
    fact('Log', foreign(checkpoint?.origin ?? 'not stated'));
    fact('Event', foreign(row.id));
    fact('Agent', foreign(row.agentId));
    fact('Type', foreign(row.eventType));
    fact('Time', foreign(row.timestamp));
  }
  if (payload !== undefined) {
    fact('Payload', element('pre', '', foreign(indented(payload))));
  }
  const judged = steps.map(({ name, ...judgement }) => step(STEP_NAMES[name], judgement));
  return [
    ...(facts.length > 0 ? [element('dl', 'facts', ...facts)] : []),
    element('ol', 'steps', ...judged),
  ];
}

function log({ rows, checkpoint, findings, faults }: LogReport): HTMLElement[] {
  const named = findings.filter((each) => each.counts && each.status !== 'ok').length;
  const facts = element('dl', 'facts');
  const fact = (name: string, value: Node | string): void => {
    facts.append(element('dt', '', name), element('dd', '', value));
  };
  fact('Rows', `${count(rows)} checked`);
  if (checkpoint !== undefined) {
    fact('Log', foreign(checkpoint.origin));
    fact('Checkpoint', `over ${checkpoint.size} rows`);
  }
  if (faults > named) {
    fact('Faults', `${count(faults)}, of which ${count(named)} are named`);
  }
  const judged = findings.map((each) => {
    const reason = each.sequence === undefined ? each.reason : `row ${each.sequence}: ${each.reason}`;
    return step(each.check, { status: each.status, reason });
  });
  return [facts, element('ol', 'steps', ...judged)];
}

function step(name: string, { status, reason }: Judgement): HTMLElement {
  return element(
    'li',
    '',
    element('span', `state ${status}`, STATES[status]),
    element('span', 'name', name),
    element('span', 'reason', foreign(reason)),
  );
}

function keyText(name: string, kind: string, fingerprint: string): HTMLElement {
  return element(
    'div',
    '',
    element('div', 'name', foreign(name), ' ', element('span', 'kind', kind)),
    element('div', 'mono', grouped(fingerprint)),
  );
}

/** Returns the payload with line breaks, for reading. */
function indented(payload: string): string {
  return JSON.stringify(JSON.parse(payload), null, 2);
}

/** Returns untrusted text, isolated from the direction of the text around it. */
function foreign(text: string): HTMLElement {
  const cut = text.length > SHOWN_CHARACTERS;
  const more = `\n… and ${count(text.length - SHOWN_CHARACTERS)} characters more`;
  return element('bdi', '', visible(text.slice(0, SHOWN_CHARACTERS)) + (cut ? more : ''));
}

/** Returns text in which invisible characters, except line breaks, are written as escapes. */
function visible(text: string): string {
  return text.replace(
    /[^\n\P{C}]|[\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') {
    made.className = className;
  }
  made.append(...children);
  return made;
}

function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

function on(id: string, type: string, listener: (event: globalThis.Event) => void): void {
  byId(id).addEventListener(type, listener);
}
