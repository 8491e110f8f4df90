// SPDX-License-Identifier: Apache-2.0
import { droppedFiles, pathOf } from '../src/model/dropped-files';
import { messageOf } from '../src/proof/bytes';
import { grouped, parseKeys } from '../src/proof/keys';
import { answer, type VerifyAnswer, type VerifyRequest } from '../src/proof/worker';
import { byId, count, element, foreign, on, visible } from './dom';
import { article, summaryOf } from './report';

type Given = VerifyRequest['files'];

const STORED_KEYS = 'indelible-verify-keys';

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

/** Shows a key by its fingerprint. */
function keyText(name: string, kind: string, fingerprint: string): HTMLElement {
  return element(
    'div',
    '',
    element('div', 'name', foreign(name), ' ', element('span', 'kind', kind)),
    element('div', 'mono', grouped(fingerprint)),
  );
}
