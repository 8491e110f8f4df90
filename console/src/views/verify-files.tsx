// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem, getBytes } from '../api.ts';
import { droppedFiles, pathOf } from '../model/dropped-files.ts';
import { pinnedKeys, pinnedText } from '../model/keys.ts';
import { count, plural } from '../model/text.ts';
import { verifyInWorker } from '../model/verifier.ts';
import { DecisionVerdict, Findings, RowProgress, Steps, Verdict, type LogFindings } from '../parts/judgement.tsx';
import { Failure } from '../parts/state.tsx';
import { Block, Code, Foreign } from '../parts/text.tsx';
import { toHex } from '../proof/bytes.ts';
import { sha256 } from '../proof/crypto.ts';
import type { DecisionReport } from '../proof/decision.ts';
import type { LogReport } from '../proof/export.ts';
import type { FileReport } from '../proof/files.ts';
import type { PinnedKeys } from '../proof/keys.ts';
import type { VerifyRequest } from '../proof/worker.ts';
import { Card } from './decision.tsx';
import { Keys } from './proof.tsx';

/** A verification of files, as far as it is. */
interface Run {
  progress?: { rows: number; of: number };
  reports?: readonly FileReport[];
  failure?: string;
}

/** Verifies files that the reader drops or chooses, in this browser and against the pinned keys. */
export function VerifyFiles(): JSX.Element {
  const [keys, setKeys] = useState<PinnedKeys>();
  const [run, setRun] = useState<Run>();
  const [isOver, setOver] = useState(false);
  const given = useRef<VerifyRequest['files']>([]);
  const stop = useRef(() => {});
  const filesInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const verify = (files: VerifyRequest['files']) => {
    if (files.length === 0) return;
    stop.current();
    given.current = files;
    setRun({});
    stop.current = verifyInWorker({ keys: pinnedText(), files }, (answer) =>
      setRun('rows' in answer ? { progress: answer } : answer),
    );
  };
  const choose = ({ currentTarget: input }: { currentTarget: HTMLInputElement }) => {
    verify([...(input.files ?? [])].map((file) => ({ path: pathOf(file), file })));
    input.value = '';
  };
  useEffect(() => {
    void pinnedKeys().then(setKeys);
    const stopListening = acceptDrops(setOver, verify, (failure) => setRun({ failure }));
    return () => {
      stopListening();
      stop.current();
    };
  }, []);
  const isRunning = run !== undefined && !run.reports && run.failure === undefined;
  return (
    <Card title="Files, in this browser">
      <p>
        Verifies receipts, decisions in JSON and the folder of an exported log. The files stay in this browser, and are
        checked against the keys that you pin here.
      </p>
      {keys && <Keys keys={keys} onChange={(changed) => { setKeys(changed); verify(given.current); }} />}
      <div class={`drop ${isOver ? 'over' : ''}`}>
        <p>Drop files or a folder here</p>
        <div class="buttons">
          <button type="button" onClick={() => filesInput.current?.click()}>Choose files</button>
          <button type="button" onClick={() => folderInput.current?.click()}>Choose a folder</button>
        </div>
        <input type="file" ref={filesInput} onChange={choose} multiple hidden aria-label="files" />
        <input type="file" ref={folderInput} onChange={choose} {...{ webkitdirectory: true }} hidden aria-label="folder" />
      </div>
      {isRunning && (
        <div class="run">
          {run.progress ? <RowProgress {...run.progress} /> : <p class="hint">Verifying…</p>}
          <button type="button" class="quiet" onClick={() => { stop.current(); setRun(undefined); }}>Stop</button>
        </div>
      )}
      {run?.failure !== undefined && <Failure problem={new Problem(0, 'Not verified', run.failure)} />}
      {run?.reports?.map((report, i) => <Report key={i} report={report} />)}
      <p class="hint">
        Computed in this browser. A server that lies could also serve a page that lies. An independent check is{' '}
        <code>indelible proof verify</code>, or <code>verify.html</code>, this verifier as one file that you open from
        disk. Compare its SHA-256 with the one in the chapter “In a browser: verify.html” of{' '}
        <code>docs/verification.md</code>, or build it yourself.
      </p>
      <Verifier />
    </Card>
  );
}

/** The verifier as a file, with the SHA-256 of the bytes that this daemon serves. */
function Verifier(): JSX.Element {
  const [digest, setDigest] = useState<string>();
  useEffect(() => {
    const stop = new AbortController();
    getBytes('/verify.html', stop.signal)
      .then(sha256)
      .then((hash) => setDigest(toHex(hash)), () => {});
    return () => stop.abort();
  }, []);
  return (
    <p class="verifier">
      <a class="button" href="/verify.html" download="verify.html">Save verify.html</a>
      {digest !== undefined && <Code text={digest} what="the SHA-256 of verify.html" />}
    </p>
  );
}

/**
 * Accepts files that are dropped anywhere on the page: a browser would open one that misses its target.
 *
 * @returns a function that ends it
 */
function acceptDrops(
  setOver: (isOver: boolean) => void,
  accept: (files: VerifyRequest['files']) => void,
  fail: (reason: string) => void,
): () => void {
  const end = new AbortController();
  const on = <K extends 'dragover' | 'dragleave' | 'drop'>(type: K, act: (event: DragEvent) => void) =>
    document.addEventListener(type, act, { signal: end.signal });
  on('dragover', (event) => {
    event.preventDefault();
    setOver(true);
  });
  on('dragleave', (event) => {
    if (event.relatedTarget === null) setOver(false);
  });
  on('drop', (event) => {
    event.preventDefault();
    setOver(false);
    if (!event.dataTransfer) return;
    droppedFiles(event.dataTransfer.items).then(accept, (e: unknown) =>
      fail(`the files cannot be read (${e instanceof Error ? e.message : String(e)}); choose them with a button`),
    );
  });
  return () => end.abort();
}

/** Result of verifying one log, one decision, or a file that is neither. */
function Report({ report }: { report: FileReport }): JSX.Element {
  return (
    <article class="file-report">
      <h3><Foreign text={report.name} /></h3>
      {report.kind === 'unread' ? (
        <>
          <Verdict status="unknown" text="Not verified" />
          <p><Foreign text={`${report.reason}.`} /></p>
        </>
      ) : report.kind === 'log' ? <Log report={report.report} /> : <Decision report={report.report} />}
    </article>
  );
}

function Log({ report }: { report: LogReport }): JSX.Element {
  const { verdict, findings, faults, rows, checkpoint } = report;
  const named = findings.filter((each) => each.counts && each.status !== 'ok').length;
  const shown: LogFindings = {
    verdict,
    findings: findings.map(({ check, counts, reason, sequence, status }) => ({
      check, counts, status,
      message: sequence === undefined ? reason : `row ${sequence}: ${reason}`,
    })),
  };
  return (
    <>
      <dl class="members">
        <div><dt>rows</dt><dd>{count(rows)} checked</dd></div>
        {checkpoint && <div><dt>checkpoint</dt><dd>{plural(Number(checkpoint.size), 'row')} of <Foreign text={checkpoint.origin} /></dd></div>}
        {faults > named && <div><dt>faults</dt><dd>{count(faults)}, of which {count(named)} are named</dd></div>}
      </dl>
      <Findings report={shown} />
    </>
  );
}

function Decision({ report }: { report: DecisionReport }): JSX.Element {
  const { verdict, steps, row, payload, checkpoint } = report;
  return (
    <>
      <DecisionVerdict verdict={verdict} />
      <Steps steps={steps} />
      {row && verdict !== 'proven' && <p class="notice">The following is {verdict === 'refuted' ? 'refuted' : 'not proven'}.</p>}
      {row && (
        <dl class="members">
          <div><dt>row</dt><dd>{count(row.sequence)}{checkpoint && ` of ${checkpoint.size}`}</dd></div>
          <div><dt>log</dt><dd><Foreign text={checkpoint?.origin ?? 'not stated'} /></dd></div>
          <div><dt>event</dt><dd><Foreign text={row.id} /></dd></div>
          <div><dt>agent</dt><dd><Foreign text={row.agentId} /></dd></div>
          <div><dt>type</dt><dd><Foreign text={row.eventType} /></dd></div>
          <div><dt>time</dt><dd><Foreign text={row.timestamp} /></dd></div>
        </dl>
      )}
      {payload !== undefined && <details><summary>Payload</summary><Block text={JSON.stringify(JSON.parse(payload), null, 2)} label="payload" /></details>}
    </>
  );
}
