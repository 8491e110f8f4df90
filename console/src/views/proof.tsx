// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, address, get, getBytes, getText, type Page, type Row } from '../api.ts';
import { pin, pinnedKeys, pinnedText } from '../model/keys.ts';
import { Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { verifyDecision, type DecisionReport, type StepName } from '../proof/decision.ts';
import { NO_KEYS, grouped, type PinnedKeys } from '../proof/keys.ts';
import type { Status } from '../proof/step.ts';
import { Card } from './decision.tsx';

/** What is read once; all else is computed here, also offline. */
interface Evidence {
  event: string;
  receipt: Uint8Array<ArrayBuffer> | undefined;
  /** Why there is no receipt. */
  missing: string | undefined;
  related: string[];
}

/** The rows about keys that change which signatures are valid. */
const KEY_EVENTS = ['key.rotated', 'key.compromised'];

const NAMES: Record<StepName, string> = {
  payload: 'Payload',
  record: 'Record',
  signature: 'Row signature',
  leaf: 'Leaf',
  path: 'Path to the root',
  checkpoint: 'Checkpoint',
  signatures: "Log's signature",
  witnesses: 'Witnesses',
};

const VERDICTS: Record<DecisionReport['verdict'], string> = {
  proven: 'Proven: this record is in the log that your key signed',
  refuted: 'Refuted: the evidence contradicts itself',
  unknown: 'Not proven',
};

const STATUS_NAMES: Record<Status, string> = { ok: 'proven', wrong: 'disproven', unknown: 'not known' };

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
          <p class={`proof-verdict ${report.verdict}`} role="status"><StatusSign status={report.verdict === 'proven' ? 'ok' : report.verdict === 'refuted' ? 'wrong' : 'unknown'} />{VERDICTS[report.verdict]}</p>
          {evidence.value?.missing && <p class="notice">{evidence.value.missing} <button type="button" class="quiet small" onClick={evidence.reload}>Try again</button></p>}
          <ol class="steps">
            {report.steps.map((step) => (
              <li key={step.name} class={step.status}>
                <StatusSign status={step.status} />
                <details>
                  <summary><span>{NAMES[step.name]}</span><span class="sr">: {STATUS_NAMES[step.status]}</span></summary>
                  <p><Foreign text={step.reason} /></p>
                </details>
              </li>
            ))}
          </ol>
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
function Keys({ keys, onChange }: { keys: PinnedKeys; onChange: (keys: PinnedKeys) => void }): JSX.Element {
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

/** The sign of a status: shape and colour. */
export function StatusSign({ status }: { status: Status }): JSX.Element {
  return (
    <svg class={`status-sign ${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {status === 'ok' ? <><circle cx="8" cy="8" r="7" /><path class="sign" d="m4.800 8.300 2.200 2.200 4.200-4.700" /></>
        : status === 'wrong' ? <><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5Z" /><path class="sign" d="m5.500 5.500 5 5m0-5-5 5" /></>
        : <><circle cx="8" cy="8" r="6.300" class="ring" /><path class="sign-dark" d="M6.300 6.400a1.800 1.800 0 1 1 2.500 1.700c-.6.3-.8.6-.8 1.300m0 2v.1" /></>}
    </svg>
  );
}
