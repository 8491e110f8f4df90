// SPDX-License-Identifier: Apache-2.0
import { type Bytes, concat, equal, FormatError, fromHex, messageOf, shown } from './bytes';
import { judgeLogSignature, judgeWitnesses, keysOf, witnessesOf } from './checkpoint-check';
import { type Checkpoint, parseCheckpoint } from './checkpoint';
import { sha256 } from './crypto';
import { KeyHistory, ledgerOf } from './key-history';
import { isSecondSignature, type PinnedKeys } from './keys';
import { HASH_BYTES, leafHash, nodeHash } from './merkle';
import { type Event, parseRecord, type Row } from './record';
import { type Judgement, ok, type Status, unknown, wrong } from './step';
import { ENTRIES, FULL_WIDTH, parseBundle, parseTile, type TilePath, tilePath, widthOf } from './tiles';

/** The files of an exported log. */
export interface LogFiles {
  /** Returns the bytes of a file; undefined if there is none of that path. */
  read(path: string): Promise<Bytes | undefined>;
}

/** Receives the number of rows checked so far, and the number of all rows. */
export type Progress = (rows: number, of: number) => void;

/** A result of one check of an exported log. */
export interface Finding extends Judgement {
  /** The check, named as `indelible log verify` names it. */
  readonly check: string;
  /** The row that the result is about. */
  readonly sequence?: number | undefined;
  /** True if the verdict depends on it. */
  readonly counts: boolean;
}

/** Result of verifying an exported log. */
export interface LogReport {
  readonly verdict: 'intact' | 'broken' | 'unknown';
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

/** Maximum number of faults that a report names, as in the other implementation. */
const MAX_NAMED = 1_000;

const SECOND_KEY = 'key.ml_dsa_44_added';
const KEY_EVENTS: ReadonlySet<string> = new Set([
  'key.rotated',
  'key.compromised',
  'key.replaced',
  SECOND_KEY,
]);
const TAMPER = 'audit.tamper';
const ANSWER = 'audit.answer';
const GAP = 'audit.gap';
const ROW_SIGNATURES = 'audit.row_signatures';

/** Stops the reading of a log that cannot be read further. */
class UnreadableError extends Error {}

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
    if (KEY_EVENTS.has(row.eventType)) {
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

function rowsFrom(count: number, first: number): string {
  return count === 1 ? `row ${first}` : `${count} rows from row ${first} on`;
}

/** A number of rows, and the first of them. */
class Count {
  count = 0;
  first = 0;

  at(sequence: number): void {
    this.first = this.count === 0 ? sequence : this.first;
    this.count++;
  }
}

/** The findings of one verification. */
class Findings {
  faults = 0;
  private readonly named: Finding[] = [];
  private readonly sound: Finding[] = [];
  private readonly notes: Finding[] = [];
  private readonly faulty = new Set<string>();
  private worst: Status = 'ok';

  /** Adds a fault. After {@link MAX_NAMED} faults, further ones are only counted. */
  fault(check: string, judged: Judgement, sequence?: number): void {
    this.faults++;
    this.faulty.add(check);
    if (this.worst !== 'wrong') {
      this.worst = judged.status;
    }
    if (this.named.length < MAX_NAMED) {
      this.named.push({ check, ...judged, sequence, counts: true });
    }
  }

  /** Adds a property that holds, unless the check has a fault. */
  holds(check: string, reason: string): void {
    if (!this.faulty.has(check)) {
      this.sound.push({ check, ...ok(reason), counts: true });
    }
  }

  /** Adds information on which the verdict does not depend. */
  note(check: string, judged: Judgement, sequence?: number): void {
    this.notes.push({ check, ...judged, sequence, counts: false });
  }

  isFaulty(...checks: readonly string[]): boolean {
    return checks.some((check) => this.faulty.has(check));
  }

  /** Returns `intact` only for a log of which some property was proven, and none has a fault. */
  verdict(): LogReport['verdict'] {
    if (this.worst === 'wrong') {
      return 'broken';
    }
    return this.worst === 'ok' && this.sound.length > 0 ? 'intact' : 'unknown';
  }

  all(): readonly Finding[] {
    const order: Readonly<Record<Status, number>> = { wrong: 0, unknown: 1, ok: 2 };
    const faults = [...this.named].sort((a, b) => order[a.status] - order[b.status]);
    return [...faults, ...this.sound, ...this.notes];
  }
}

interface StoredFile {
  readonly path: TilePath;
  readonly bytes: Bytes;
}

/**
 * Reads a tile or bundle. A server may have removed a partial one after the full one was there.
 *
 * @throws UnreadableError if neither is there
 */
async function stored(files: LogFiles, path: TilePath): Promise<StoredFile> {
  const full = { ...path, width: FULL_WIDTH };
  for (const each of path.width === FULL_WIDTH ? [path] : [path, full]) {
    const bytes = await files.read(tilePath(each));
    if (bytes !== undefined) {
      return { path: each, bytes };
    }
  }
  throw new UnreadableError(`${tilePath(path)}: the file is missing`);
}

/** The tree of the rows, computed from them and compared with the stored tiles. */
class StoredTree {
  private readonly files: LogFiles;
  private readonly size: number;

  /** The hashes of the tile of each level that is not full yet. */
  private readonly open: Bytes[][] = [[]];

  /** The number of full tiles of each level. */
  private readonly full: number[] = [0];

  private fault: string | undefined;

  constructor(files: LogFiles, size: number) {
    this.files = files;
    this.size = size;
  }

  /** Adds the leaves of one bundle. */
  async add(leaves: readonly Bytes[]): Promise<void> {
    await this.push(0, leaves);
  }

  /** Adds hashes that fill at most the open tile of a level. */
  private async push(level: number, hashes: readonly Bytes[]): Promise<void> {
    const open = (this.open[level] ??= []);
    open.push(...hashes);
    if (open.length < FULL_WIDTH) {
      return;
    }
    const index = this.full[level] ?? 0;
    this.full[level] = index + 1;
    this.open[level] = [];
    await this.compare({ level, index, width: FULL_WIDTH }, open);
    await this.push(level + 1, [await rootOf(open)]);
  }

  /** Compares a tile of the rows with the stored one; after the first fault, no more are read. */
  private async compare(path: TilePath, hashes: readonly Bytes[]): Promise<void> {
    if (this.fault !== undefined) {
      return;
    }
    try {
      const found = await stored(this.files, path);
      const tile = parseTile(found.path, found.bytes).slice(0, path.width);
      if (!equal(concat(...tile), concat(...hashes))) {
        this.fault = `${tilePath(path)} is not the tile of the rows`;
      }
    } catch (e) {
      if (!(e instanceof FormatError || e instanceof UnreadableError)) {
        throw e;
      }
      this.fault = e.message;
    }
  }

  /** Compares the partial tiles, and returns the result for all tiles. */
  async end(): Promise<Judgement> {
    for (const [level, open] of this.open.entries()) {
      if (open.length > 0) {
        await this.compare({ level, index: this.full[level] ?? 0, width: open.length }, open);
      }
    }
    return this.fault === undefined
      ? ok(`its tiles are those of ${this.size} rows`)
      : wrong(this.fault);
  }

  /** Returns the root of the rows: the partial tiles, from the lowest level, are its right edge. */
  async root(): Promise<Bytes> {
    let right: Bytes | undefined;
    for (const open of this.open) {
      const hashes = right === undefined ? open : [...open, right];
      right = hashes.length === 0 ? undefined : await rootOf(hashes);
    }
    return right ?? sha256(new Uint8Array(0));
  }
}

/**
 * Returns the root of a tree over hashes: pairs are joined level by level, and a last one without a
 * sibling moves up (RFC 9162 section 2.1.1).
 */
async function rootOf(hashes: readonly Bytes[]): Promise<Bytes> {
  let level = hashes;
  while (level.length > 1) {
    const pairs: Promise<Bytes>[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      pairs.push(nodeHash(level[i] as Bytes, level[i + 1] as Bytes));
    }
    const joined = await Promise.all(pairs);
    level = level.length % 2 === 0 ? joined : [...joined, level.at(-1) as Bytes];
  }
  return level[0] as Bytes;
}

/** An event id in more than one row. */
interface RepeatedId {
  readonly id: string;
  readonly rows: readonly number[];
}

/**
 * Finds repeated event ids with 8 bytes a row: it keeps a number made of each id, and reads the ids
 * again only where two numbers are equal.
 */
class EventIds {
  private keys: Float64Array;
  private count = 0;

  constructor(size: number) {
    this.keys = new Float64Array(Math.min(size, 4 * FULL_WIDTH));
  }

  add(id: string): void {
    if (this.count === this.keys.length) {
      const larger = new Float64Array(2 * this.keys.length);
      larger.set(this.keys);
      this.keys = larger;
    }
    this.keys[this.count++] = keyOf(id);
  }

  /**
   * Returns the repeated ids.
   *
   * @param idsOf reads the ids of a bundle again
   */
  async repeated(idsOf: (bundle: number) => Promise<readonly string[]>): Promise<RepeatedId[]> {
    const keys = this.keys.subarray(0, this.count);
    const sorted = keys.slice().sort();
    const suspects = new Set(sorted.filter((key, i) => i > 0 && key === sorted[i - 1]));
    const rows = new Map<string, number[]>();
    for (let from = 0; suspects.size > 0 && from < this.count; from += FULL_WIDTH) {
      const part = keys.subarray(from, from + FULL_WIDTH);
      if (part.some((key) => suspects.has(key))) {
        const ids = await idsOf(from / FULL_WIDTH);
        part.forEach((key, i) => {
          const id = ids[i];
          if (suspects.has(key) && id !== undefined) {
            const found = rows.get(id) ?? [];
            found.push(from + i + 1);
            rows.set(id, found);
          }
        });
      }
    }
    return [...rows].filter(([, each]) => each.length > 1).map(([id, each]) => ({ id, rows: each }));
  }
}

/** Returns a number of 53 bits made of an id: two 32-bit FNV-1a hashes with different starts. */
function keyOf(id: string): number {
  let a = 0x811c9dc5;
  let b = 0x01234567;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}
