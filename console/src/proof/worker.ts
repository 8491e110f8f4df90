// SPDX-License-Identifier: Apache-2.0
import { messageOf } from './bytes';
import { type FileReport, type GivenFile, verifyFiles } from './files';
import { parseKeys } from './keys';

/** A request of a page to the worker. */
export interface VerifyRequest {
  /** The pinned keys, one vkey a line, or PEM. */
  readonly keys: string;
  readonly files: readonly { readonly path: string; readonly file: Blob }[];
}

/** An answer of the worker: progress any number of times, and then a result. */
export type VerifyAnswer =
  | { readonly rows: number; readonly of: number }
  | { readonly reports: readonly FileReport[] }
  | { readonly failure: string };

/** Verifies files, and passes on the progress. Never throws. */
export async function answer(
  request: VerifyRequest,
  send: (answer: VerifyAnswer) => void,
): Promise<void> {
  try {
    const pinned = await parseKeys(request.keys);
    const files = request.files.map(givenFile);
    send({ reports: await verifyFiles(files, pinned, (rows, of) => send({ rows, of })) });
  } catch (e) {
    send({ failure: messageOf(e) });
  }
}

function givenFile({ path, file }: VerifyRequest['files'][number]): GivenFile {
  return {
    path,
    size: file.size,
    bytes: async () => new Uint8Array(await file.arrayBuffer()),
  };
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((message: MessageEvent<VerifyRequest>) => void) | null;
  postMessage(answer: VerifyAnswer): void;
}

/** Answers the requests of a page, in a worker. */
export function serve(scope: WorkerScope): void {
  scope.onmessage = ({ data }) => void answer(data, (each) => scope.postMessage(each));
}
