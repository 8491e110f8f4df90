// SPDX-License-Identifier: Apache-2.0
import { type Bytes, FormatError, fromUtf8, messageOf, utf8 } from './bytes';
import { type DecisionReport, verifyDecision } from './decision';
import { type LogReport, type Progress, verifyExport } from './export';
import type { PinnedKeys } from './keys';
import { type Event, isDecision, parseEvent, parseRecord } from './record';
import type { LogFiles } from './stored-tree';
import { parseTlogProof, PROOF_HEADER } from './tlog-proof';

/** A file that a reader gave. */
export interface GivenFile {
  /** The path, in a folder that was given, or the name. */
  readonly path: string;
  /** The length in bytes. */
  readonly size: number;
  bytes(): Promise<Bytes>;
}

/** Result of verifying one log, one decision, or a file that is neither. */
export type FileReport =
  | { readonly kind: 'log'; readonly name: string; readonly report: LogReport }
  | { readonly kind: 'decision'; readonly name: string; readonly report: DecisionReport }
  | { readonly kind: 'unread'; readonly name: string; readonly reason: string };

/** Maximum length of a receipt, or of a file of decisions, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Maximum length of a file of a log, in bytes: a full bundle of entries of maximum length. */
const MAX_TILE_BYTES = 256 * (2 + 0xffff);

/** Maximum number of decisions that are verified at once. */
const MAX_DECISIONS = 1_000;

/** First byte of a COSE receipt. */
const COSE_SIGN1 = 0xd2;

/**
 * Verifies what a reader gave: folders of exported logs, receipts, and decisions in JSON, one in a
 * file or one a line. A decision and the receipt of its event are verified together. Never throws.
 */
export async function verifyFiles(
  files: readonly GivenFile[],
  pinned: PinnedKeys,
  progress: Progress = () => {},
): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  const logs = logFolders(files);
  const rest = files.filter(
    ({ path }) => !logs.some((folder) => path.startsWith(folder)) && !nameOf(path).startsWith('.'),
  );
  const evidence = new Evidence();
  for (const file of rest) {
    const reason = await evidence.add(file);
    if (reason !== undefined) {
      reports.push({ kind: 'unread', name: file.path, reason });
    }
  }
  for (const folder of logs) {
    const options = { progress, related: evidence.relatedEvents() };
    const report = await verifyExport(logFiles(files, folder), pinned, options);
    reports.push({ kind: 'log', name: folder.slice(0, -1) || 'log', report });
  }
  return [...reports, ...(await evidence.verify(pinned, logs.length > 0))];
}

/** Returns the folders that have a checkpoint and tiles, each ending with a slash or empty. */
function logFolders(files: readonly GivenFile[]): readonly string[] {
  return files
    .filter(({ path }) => nameOf(path) === 'checkpoint')
    .map(({ path }) => path.substring(0, path.lastIndexOf('/') + 1))
    .filter((folder) => files.some(({ path }) => path.startsWith(`${folder}tile/`)));
}

function nameOf(path: string): string {
  return path.substring(path.lastIndexOf('/') + 1);
}

function logFiles(files: readonly GivenFile[], folder: string): LogFiles {
  const byPath = new Map(
    files
      .filter(({ path }) => path.startsWith(folder))
      .map((file) => [file.path.substring(folder.length), file]),
  );
  return {
    read: async (path) => {
      const file = byPath.get(path);
      if (file !== undefined && file.size > MAX_TILE_BYTES) {
        throw new Error(`${path} has ${file.size} bytes; the limit is ${MAX_TILE_BYTES}`);
      }
      return file?.bytes();
    },
  };
}

/** Text of a decision, and the row in it if it can be read. */
interface GivenEvent {
  readonly name: string;
  readonly text: string;
  readonly event: Event | undefined;
}

interface GivenReceipt {
  readonly name: string;
  readonly bytes: Bytes;
  /** The id of the event; undefined if the receipt cannot be read. */
  readonly id: string | undefined;
}

/** The receipts and decisions that were given. */
class Evidence {
  private readonly receipts: GivenReceipt[] = [];
  private readonly decisions: GivenEvent[] = [];

  /** Rows about keys and erasures, and of other events of the log itself. */
  private readonly related: GivenEvent[] = [];

  /** Adds a file; returns the reason if it is neither a receipt nor a decision. */
  async add(file: GivenFile): Promise<string | undefined> {
    if (file.size > MAX_BYTES) {
      return `it has ${file.size} bytes; the limit is ${MAX_BYTES}`;
    }
    let bytes: Bytes;
    try {
      bytes = await file.bytes();
    } catch (e) {
      return `it cannot be read: ${messageOf(e)}`;
    }
    if (startsWith(bytes, PROOF_HEADER)) {
      this.receipts.push({ name: file.path, bytes, id: idOf(bytes) });
      return undefined;
    }
    if (bytes[0] === COSE_SIGN1) {
      return 'it is a COSE receipt, which "indelible proof verify" verifies';
    }
    return this.addText(file.path, bytes);
  }

  private addText(name: string, bytes: Bytes): string | undefined {
    let text: string;
    try {
      text = fromUtf8(bytes, 'it').trim();
    } catch {
      return NEITHER;
    }
    if (!text.startsWith('{')) {
      return NEITHER;
    }
    const whole = eventOf(text);
    const lines = text.split('\n').filter((each) => each.trim() !== '');
    const isList = lines.length > 1 && lines.every((each) => /^\s*\{.*\}\s*$/.test(each));
    if (whole !== undefined || !isList) {
      this.addEvent({ name, text, event: whole });
    } else {
      lines.forEach((line, i) =>
        this.addEvent({ name: `${name}, line ${i + 1}`, text: line, event: eventOf(line) }),
      );
    }
    return undefined;
  }

  private addEvent(given: GivenEvent): void {
    const ofLog = given.event !== undefined && !isDecision(given.event.row);
    (ofLog ? this.related : this.decisions).push(given);
  }

  /** Returns the rows of the log itself. */
  relatedEvents(): readonly Event[] {
    return this.related.flatMap(({ event }) => event ?? []);
  }

  /**
   * Verifies each decision.
   *
   * @param besideLog true if a log was given, too
   */
  async verify(pinned: PinnedKeys, besideLog: boolean): Promise<readonly FileReport[]> {
    const related = this.related.map(({ text }) => text);
    const all = this.pairs(besideLog);
    const reports: FileReport[] = [];
    for (const { name, event, receipt } of all.slice(0, MAX_DECISIONS)) {
      const report = await verifyDecision({ event, receipt, related }, pinned);
      reports.push({ kind: 'decision', name, report });
    }
    if (all.length > MAX_DECISIONS) {
      reports.push({
        kind: 'unread',
        name: `${all.length - MAX_DECISIONS} further decisions`,
        reason: `not verified: at most ${MAX_DECISIONS} are verified at once`,
      });
    }
    return reports;
  }

  /** Joins each decision with the receipt of its event. */
  private pairs(besideLog: boolean): readonly { name: string; event?: string; receipt?: Bytes }[] {
    // Without any other evidence, rows of the log itself are what the reader wants verified.
    const alone = !besideLog && this.receipts.length === 0 && this.decisions.length === 0;
    const events = alone ? this.related : [...this.decisions];
    const only = this.receipts.length === 1 && events.length === 1;
    const pairs: { name: string; event?: string; receipt?: Bytes }[] = this.receipts.map(
      ({ name, bytes, id }) => {
        // One receipt and one decision belong together even if their ids do not say so.
        const at = only ? 0 : events.findIndex(({ event }) => event?.row.id === id && id);
        const [found] = at < 0 ? [] : events.splice(at, 1);
        const rowOfLog = this.related.find(({ event }) => event?.row.id === id);
        const text = (found ?? rowOfLog)?.text;
        return { name, receipt: bytes, ...(text === undefined ? {} : { event: text }) };
      },
    );
    return [...pairs, ...events.map(({ name, text }) => ({ name, event: text }))];
  }
}

const NEITHER =
  'it is neither a receipt, nor a decision in JSON, nor in the folder of an exported log';

function startsWith(bytes: Bytes, text: string): boolean {
  return utf8(text).every((byte, i) => bytes[i] === byte);
}

function idOf(receipt: Bytes): string | undefined {
  try {
    const { record } = parseTlogProof(receipt);
    return record && parseRecord(record).id;
  } catch (e) {
    if (e instanceof FormatError) {
      return undefined;
    }
    throw e;
  }
}

function eventOf(text: string): Event | undefined {
  try {
    return parseEvent(text);
  } catch (e) {
    if (e instanceof FormatError) {
      return undefined;
    }
    throw e;
  }
}

