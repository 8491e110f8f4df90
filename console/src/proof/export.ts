// SPDX-License-Identifier: Apache-2.0
import { type Bytes, equal, FormatError, fromHex, messageOf, shown } from './bytes';
import { judgeLogSignature, judgeWitnesses, keysOf, witnessesOf } from './checkpoint-check';
import { type Checkpoint, parseCheckpoint } from './checkpoint';
import { EventIds } from './event-ids';
import { Count, type Finding, Findings, type LogVerdict, MAX_NAMED, rowsFrom } from './findings';
import { KEY_EVENTS, KeyHistory, ledgerOf } from './key-history';
import { isSecondSignature, type PinnedKeys } from './keys';
import { HASH_BYTES, leafHash } from './merkle';
import { type Event, parseRecord, type Row } from './record';
import { type Judgement, ok, unknown, wrong } from './step';
import { type LogFiles, stored, StoredTree, UnreadableError } from './stored-tree';
import { ENTRIES, FULL_WIDTH, parseBundle, tilePath, widthOf } from './tiles';

/** Receives the number of rows checked so far, and the number of all rows. */
export type Progress = (rows: number, of: number) => void;

/** Result of verifying an exported log. */
export interface LogReport {
  readonly verdict: LogVerdict;
  /** The faults first, at most 1,000 of them. */
  readonly findings: readonly Finding[];
  /** The number of faults, named or not. */
  readonly faults: number;
  /** The number of rows that were checked. */
  readonly rows: number;
  /** The checkpoint; undefined if there is none that can be read. */
  readonly checkpoint: Checkpoint | undefined;
}

/** What an exported log is verified with. */
export interface ExportOptions {
  /** Receives the progress. */
  readonly progress?: Progress | undefined;
  /** Rows about keys with their payloads, which an export does not have. */
  readonly related?: readonly Event[] | undefined;
}

const SECOND_KEY = 'key.ml_dsa_44_added';

/** The types of the rows about keys, including those that this program cannot follow. */
const ABOUT_KEYS: ReadonlySet<string> = new Set([...KEY_EVENTS, 'key.replaced', SECOND_KEY]);

const TAMPER = 'audit.tamper';
const ANSWER = 'audit.answer';
const GAP = 'audit.gap';
const ROW_SIGNATURES = 'audit.row_signatures';

/**
 * Verifies an exported log (C2SP tlog-tiles, as `indelible log export` writes it), up to its
 * checkpoint. Reads one bundle of entries at a time, so memory grows by 8 bytes a row, for the
 * comparison of event ids. Never throws.
 */
export async function verifyExport(
  files: LogFiles,
  pinned: PinnedKeys,
  { progress = () => {}, related = [] }: ExportOptions = {},
): Promise<LogReport> {
  const findings = new Findings();
  let run: Run | undefined;
  try {
    run = new Run(files, pinned, findings, await readCheckpoint(files));
    await run.verify(related, progress);
  } catch (e) {
    if (e instanceof UnreadableError) {
      findings.fault('storage', wrong(e.message));
    } else {
      findings.fault('storage', unknown(`it could not be checked: ${messageOf(e)}`));
    }
  }
  return {
    verdict: findings.verdict(),
    findings: findings.all(),
    faults: findings.faults,
    rows: run?.rows ?? 0,
    checkpoint: run?.checkpoint,
  };
}

async function readCheckpoint(files: LogFiles): Promise<Checkpoint> {
  const bytes = await files.read('checkpoint');
  if (bytes === undefined) {
    throw new Error('there is no file "checkpoint", so this is not an exported log');
  }
  const checkpoint = parsed('checkpoint', () => parseCheckpoint(bytes));
  if (checkpoint.size === 0n) {
    throw new UnreadableError('the checkpoint is over no rows, but a log without rows is never exported');
  }
  if (checkpoint.size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error(`a log of ${checkpoint.size} rows is too long for this program`);
  }
  return checkpoint;
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (e) {
    if (e instanceof FormatError) {
      throw new UnreadableError(`${path}: ${e.message}`);
    }
    throw e;
  }
}

/** A row and its hash. */
interface HashedRow {
  readonly row: Row;
  readonly hash: Bytes;
}

/** One verification of an exported log. */
class Run {
  rows = 0;
  readonly checkpoint: Checkpoint;

  private readonly files: LogFiles;
  private readonly pinned: PinnedKeys;
  private readonly findings: Findings;
  private readonly history: KeyHistory;
  private readonly size: number;
  private readonly tree: StoredTree;
  private readonly ids: EventIds;

  private previous: Bytes = new Uint8Array(HASH_BYTES);

  /** True after a signed row that may turn row signatures off; its content is not in an export. */
  private mayBeUnsigned = false;

  private readonly unsigned = new Count();
  private readonly unpinned = new Map<string, Count>();

  /** The rows about keys that were given with their payloads and count. */
  private readonly explained = new Map<number, Bytes>();

  /** The rows about keys whose payloads were not given, so that the keys in them are not known. */
  private readonly aboutKeys = new Count();
  private readonly gaps = new Count();
  private readonly tampered: number[] = [];
  private lastAnswer = 0;

  /** The first row that adds an ML-DSA-44 key; 0 if there is none. */
  private secondKeySince = 0;

  constructor(files: LogFiles, pinned: PinnedKeys, findings: Findings, checkpoint: Checkpoint) {
    this.files = files;
    this.pinned = pinned;
    this.findings = findings;
    this.checkpoint = checkpoint;
    this.size = Number(checkpoint.size);
    this.history = new KeyHistory(keysOf(pinned, checkpoint.origin).map((log) => log.key));
    this.tree = new StoredTree(files, this.size);
    this.ids = new EventIds(this.size);
  }

  async verify(related: readonly Event[], progress: Progress): Promise<void> {
    for (const { row } of await this.history.addAll(related, ledgerOf(this.checkpoint.origin))) {
      this.explained.set(row.sequence, row.record);
    }
    const bundles = Math.ceil(this.size / FULL_WIDTH);
    for (let index = 0; index < bundles; index++) {
      await this.bundle(index);
      progress(this.rows, this.size);
    }
    await this.end();
  }

  private async bundle(index: number): Promise<void> {
    const entries = await this.entries(index);
    const rows = entries.map((entry, i) => this.row(entry, index * FULL_WIDTH + i + 1));
    const hashes = await Promise.all(rows.map((row) => leafHash(row.record)));
    const signatures = await Promise.all(rows.map((row) => this.history.judgeSignature(row)));
    for (const [i, row] of rows.entries()) {
      const hash = hashes[i] as Bytes;
      this.link({ row, hash });
      this.signature(row, signatures[i] as Judgement);
      this.ids.add(row.id);
      this.rows++;
    }
    await this.tree.add(hashes);
  }

  private async entries(index: number): Promise<readonly Bytes[]> {
    const path = { level: ENTRIES, index, width: widthOf(this.size, index) } as const;
    const found = await stored(this.files, path);
    return parsed(tilePath(found.path), () => parseBundle(found.path, found.bytes)).slice(
      0,
      path.width,
    );
  }

  private row(entry: Bytes, sequence: number): Row {
    const row = parsed(`entry ${sequence}`, () => parseRecord(entry));
    if (row.sequence !== sequence) {
      throw new UnreadableError(`entry ${sequence} states that it is row ${row.sequence}`);
    }
    return row;
  }

  private link({ row, hash }: HashedRow): void {
    const linked = fromHex(row.prevHash, HASH_BYTES, 'the prev_hash');
    if (!equal(linked, this.previous)) {
      const reason =
        'it does not link to the row before it: one of the two was changed, moved or inserted';
      this.findings.fault('link', wrong(reason), row.sequence);
    }
    this.previous = hash;
  }

  private signature(row: Row, judged: Judgement): void {
    if (row.signature === undefined && judged.status === 'unknown') {
      if (this.mayBeUnsigned) {
        this.unsigned.at(row.sequence);
      } else {
        const reason = 'it is unsigned, in a log that signs every row';
        this.findings.fault('signature', wrong(reason), row.sequence);
      }
      return;
    }
    if (judged.status !== 'ok') {
      if (judged.status === 'wrong') {
        this.findings.fault('signature', judged, row.sequence);
      } else {
        this.countUnpinned(row, judged.reason);
      }
      return;
    }
    if (ABOUT_KEYS.has(row.eventType)) {
      if (row.eventType === SECOND_KEY && this.secondKeySince === 0) {
        this.secondKeySince = row.sequence;
      }
      const explained = this.explained.get(row.sequence);
      if (explained === undefined || !equal(explained, row.record)) {
        this.aboutKeys.at(row.sequence);
      }
    } else if (row.eventType === TAMPER) {
      this.tampered.push(row.sequence);
    } else if (row.eventType === ANSWER) {
      this.lastAnswer = row.sequence;
    } else if (row.eventType === GAP) {
      this.gaps.at(row.sequence);
    } else if (row.eventType === ROW_SIGNATURES) {
      this.mayBeUnsigned = true;
    }
  }

  /** Counts a row whose signature is not decided, by the reason, which names the key. */
  private countUnpinned(row: Row, reason: string): void {
    const count = this.unpinned.get(reason) ?? new Count();
    count.at(row.sequence);
    if (this.unpinned.size < MAX_NAMED || this.unpinned.has(reason)) {
      this.unpinned.set(reason, count);
    }
  }

  private async end(): Promise<void> {
    const tree = await this.tree.end();
    if (tree.status !== 'ok') {
      this.findings.fault('tree', tree);
    }
    await this.endCheckpoint();
    for (const [reason, { count, first }] of this.unpinned) {
      this.findings.fault('signature', unknown(`${rowsFrom(count, first)}: ${reason}`), first);
    }
    await this.endIds();
    this.endTamper();
    this.findings.holds('tree', tree.reason);
    this.findings.holds('sequence', `holds for ${this.rows} rows`);
    this.findings.holds('link', `holds for ${this.rows} rows`);
    this.findings.holds('signature', `holds for ${this.rows - this.unsigned.count} rows`);
    this.endUnsigned();
    this.endAbsent();
  }

  private async endCheckpoint(): Promise<void> {
    const { checkpoint, pinned, history } = this;
    const over = `the checkpoint over ${this.size} rows`;
    const signature = await judgeLogSignature(checkpoint, pinned, history);
    if (!equal(await this.tree.root(), checkpoint.root)) {
      this.findings.fault('checkpoints', wrong(`${over} is over other rows than these`));
    }
    if (signature.status !== 'ok') {
      this.findings.fault('checkpoints', {
        status: signature.status,
        reason: `${over}: ${signature.reason}`,
      });
    }
    this.endSecondSignature(over);
    this.findings.holds('checkpoints', `${over} is ${signature.reason}`);
    const witnesses = await judgeWitnesses(checkpoint, pinned);
    if (witnessesOf(checkpoint.origin, pinned).length === 0) {
      this.findings.note('witnesses', witnesses);
    } else if (witnesses.status === 'ok' && this.findings.isFaulty('checkpoints', 'tree')) {
      const reason = 'cosigned, but because of the faults it is unknown whether that is this tree';
      this.findings.fault('witnesses', unknown(reason));
    } else if (witnesses.status === 'ok') {
      this.findings.holds('witnesses', witnesses.reason);
    } else {
      this.findings.fault('witnesses', witnesses);
    }
  }

  /** Requires the ML-DSA-44 signature that a row of the log requires; it cannot be checked here. */
  private endSecondSignature(over: string): void {
    const { origin, note } = this.checkpoint;
    if (this.secondKeySince === 0) {
      return;
    }
    const required = `row ${this.secondKeySince} requires an ML-DSA-44 signature`;
    if (note.signatures.some((line) => isSecondSignature(origin, line))) {
      const reason = `${required}, which is there, and which browsers cannot check`;
      this.findings.note('checkpoints', unknown(reason));
    } else {
      this.findings.fault('checkpoints', wrong(`${over} has none, and ${required}`));
    }
  }

  private async endIds(): Promise<void> {
    const repeated = await this.ids.repeated((from) => this.eventIds(from));
    for (const { id, rows } of repeated) {
      const reason = `its event ${shown(id)} is also in row ${rows[0]}`;
      for (const sequence of rows.slice(1)) {
        this.findings.fault('event_id', wrong(reason), sequence);
      }
    }
    this.findings.holds('event_id', `each of ${this.rows} rows has its own event id`);
  }

  /** Reads the event ids of a bundle again. */
  private async eventIds(index: number): Promise<readonly string[]> {
    const entries = await this.entries(index);
    return entries.map((entry, i) => this.row(entry, index * FULL_WIDTH + i + 1).id);
  }

  private endTamper(): void {
    const NOTED = 'the log noted tampering while it ran: its payload';
    for (const sequence of this.tampered) {
      this.findings.fault(
        'tamper',
        sequence < this.lastAnswer
          ? unknown(`${NOTED}, and those of later answers, are not in this copy`)
          : wrong(`${NOTED} is not in this copy, and no later row answers it`),
        sequence,
      );
    }
  }

  private endUnsigned(): void {
    const { count, first } = this.unsigned;
    if (count === 0) {
      return;
    }
    const stated = `${rowsFrom(count, first)}: unsigned, after a signed note whose payload is not in this copy`;
    if (this.findings.isFaulty('checkpoints', 'tree')) {
      this.findings.fault('unsigned', unknown(`${stated}; no valid checkpoint covers them`), first);
    } else {
      this.findings.note('unsigned', ok(`${stated}; the checkpoint covers them`), first);
    }
  }

  /** Reports what an export does not have, which the verdict does not depend on. */
  private endAbsent(): void {
    const absent = (check: string, reason: string): void =>
      this.findings.note(check, unknown(reason));
    const NOT_HERE = 'not in this copy, which has records only';
    absent('payload', `the payloads of ${this.rows} rows are ${NOT_HERE}`);
    const { count, first } = this.aboutKeys;
    if (count > 0) {
      absent('keys', `${rowsFrom(count, first)}: they introduce or revoke keys, whose ids are ${NOT_HERE}`);
    } else {
      this.findings.holds(
        'keys',
        this.explained.size === 0
          ? 'no row introduces or revokes a key'
          : 'the rows that introduce or revoke keys were given with their payloads, and count',
      );
    }
    absent('dead_letters', `they are ${NOT_HERE}`);
    absent('completeness', `the content of the tallies is ${NOT_HERE}`);
    this.findings.note(
      'gap',
      this.gaps.count > 0
        ? ok(`${rowsFrom(this.gaps.count, this.gaps.first)}: they record a loss of accepted events`)
        : ok('these rows record no loss of accepted events'),
    );
    absent(
      'anchor',
      'no earlier checkpoint is compared here, so a rollback, or a rebuild with the key of the log, would not be detected',
    );
  }
}
