// SPDX-License-Identifier: Apache-2.0
import type { VerifyRequest } from '../proof/worker';

type Given = VerifyRequest['files'];

/** Returns the path of a file in the folder that was chosen, or its name. */
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
