// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, address, get, getBytes, getText, type Page, type Row } from '../api.ts';
import { pin, pinnedKeys, pinnedText } from '../model/keys.ts';
import { DecisionVerdict, Steps } from '../parts/judgement.tsx';
import { Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { verifyDecision, type DecisionReport } from '../proof/decision.ts';
import { KEY_EVENTS } from '../proof/key-history.ts';
import { NO_KEYS, grouped, type PinnedKeys } from '../proof/keys.ts';
import { Card } from './decision.tsx';

/** What is read once; all else is computed here, also offline. */
interface Evidence {
  event: string;
  receipt: Uint8Array<ArrayBuffer> | undefined;
  /** Why there is no receipt. */
  missing: string | undefined;
  related: string[];
}

/** Proves in this browser, against keys that the reader pins, that the log contains an event. */
export function ProofPanel({ row }: { row: Row }): JSX.Element {
  const path = `/v1/events/${encodeURIComponent(row.id)}`;
  const receipt = address(`${path}/proof`, { payload: row.payload ? 'true' : undefined });
  const evidence = useLoaded<Evidence>(row.id, (signal) => readEvidence(path, receipt, row, signal));
  const [keys, setKeys] = useState<PinnedKeys>();
  const [report, setReport] = useState<DecisionReport>();
  useEffect(() => { void pinnedKeys().then(setKeys); }, []);
  useEffect(() => {
    if (!evidence.value || !keys) return;
    let current = true;
    const { event, receipt: bytes, related } = evidence.value;
    void verifyDecision({ event, receipt: bytes, related }, keys).then((found) => { if (current) setReport(found); });
    return () => { current = false; };
  }, [evidence.value, keys]);
  return (
    <Card title="Proof" extra={<a class="button quiet" href={receipt} download={`${row.id}.tlog-proof`}>Download the receipt</a>}>
      {evidence.problem ? <Failure problem={evidence.problem} retry={evidence.reload} /> : !report ? <Skeleton rows={8} /> : (
        <>
          <DecisionVerdict verdict={report.verdict} />
          {evidence.value?.missing && <p class="notice">{evidence.value.missing} <button type="button" class="quiet small" onClick={evidence.reload}>Try again</button></p>}
          <Steps steps={report.steps} />
        </>
      )}
      {keys && <Keys keys={keys} onChange={setKeys} />}
      <p class="hint">
        Computed in this browser. A server that lies could also serve a page that lies: an independent check is{' '}
        <code>indelible proof verify</code> with the receipt, elsewhere.
      </p>
    </Card>
  );
}

async function readEvidence(path: string, receipt: string, row: Row, signal: AbortSignal): Promise<Evidence> {
  const shown = await getText(path, {}, signal);
  // The answer is canonical JSON: {"erased":…,"event":{…}}.
  const event = shown.slice(shown.indexOf('"event":') + '"event":'.length, -1);
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  let missing: string | undefined;
  try {
    bytes = await getBytes(receipt, signal);
  } catch (e) {
    if (!(e instanceof Problem) || e.status === 0 || e.status === 401) throw e;
    missing = e.status === 404 ? 'There is no receipt before the next checkpoint.' : `There is no receipt: ${e.message}.`;
  }
  const types = row.payload ? KEY_EVENTS : [...KEY_EVENTS, 'payload.erased'];
  const related: string[] = [];
  for (const type of types) {
    const page = await get<Page>('/v1/events', { type, limit: 1000 }, signal);
    related.push(...page.events.map((each) => JSON.stringify(each)));
  }
  return { event, receipt: bytes, missing, related };
}

/** The keys that the reader trusts, by their fingerprints, and a way to change them. */
export function Keys({ keys, onChange }: { keys: PinnedKeys; onChange: (keys: PinnedKeys) => void }): JSX.Element {
  const none = keys.logs.length + keys.witnesses.length === 0;
  const [editing, setEditing] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [text, setText] = useState(pinnedText);
  const save = (next: string) => {
    pin(next).then(
      (found) => { setProblem(undefined); setEditing(false); setText(next); onChange(found); },
      (e: unknown) => setProblem(new Problem(400, 'Not a key', e instanceof Error ? e.message : String(e))),
    );
  };
  return (
    <section class="keys" aria-label="Keys that you trust">
      {none && !editing && (
        <p>No key is pinned, so no signature is proven. Get the log's key from where you trust it, not from this server.</p>
      )}
      <ul>
        {keys.logs.map((log, i) => <li key={i}><b>log</b> <Foreign text={log.name ?? 'any log'} /><code title="SHA-256 of the public key">{grouped(log.key.fingerprint)}</code></li>)}
        {keys.witnesses.map((witness, i) => <li key={i}><b>witness</b> <Foreign text={witness.name} /><code>{grouped(witness.fingerprint)}</code></li>)}
      </ul>
      {editing ? (
        <div class="keys-edit">
          <label for="vkeys">Public keys, one a line</label>
          <textarea id="vkeys" rows={3} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder="output of: indelible keys export --format vkey" />
          {problem && <Failure problem={problem} />}
          <div class="buttons">
            <button type="button" class="primary" onClick={() => save(text)}>Pin</button>
            <button type="button" class="quiet" onClick={() => setEditing(false)}>Cancel</button>
          </div>
        </div>
      ) : (
        <div class="buttons">
          <button type="button" onClick={() => setEditing(true)}>{none ? 'Pin a key' : 'Change the keys'}</button>
          {!none && <button type="button" class="quiet" onClick={() => { setText(''); save(''); onChange(NO_KEYS); }}>Forget them</button>}
        </div>
      )}
    </section>
  );
}
