// SPDX-License-Identifier: Apache-2.0
import { answer, type VerifyAnswer, type VerifyRequest } from '../proof/worker.ts';
import scriptAddress from '../verify-worker.ts?worker&url';

/** The part of Trusted Types that is used here; not every browser has them. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): string;
  };
}

/** The only policy that the page's Content-Security-Policy permits: it trusts one address. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('indelible', {
  createScriptURL: (address) => {
    if (address !== scriptAddress) throw new TypeError(`not a script of this page: ${address}`);
    return address;
  },
});

/**
 * Verifies files in a worker; in the page, if no worker starts, for example because the daemon, which
 * has its script, has stopped.
 *
 * @returns a function that stops the verification; no answer follows
 */
export function verifyInWorker(request: VerifyRequest, receive: (answer: VerifyAnswer) => void): () => void {
  let isStopped = false;
  const pass = (each: VerifyAnswer) => {
    if (!isStopped) receive(each);
  };
  const verifyHere = () => void answer(request, pass);
  let isStarted = false;
  let worker: Worker | undefined;
  try {
    worker = new Worker(policy?.createScriptURL(scriptAddress) ?? scriptAddress, { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<VerifyAnswer>) => {
      isStarted = true;
      pass(data);
    };
    worker.onerror = () => (isStarted ? pass({ failure: 'the worker failed' }) : verifyHere());
    worker.postMessage(request);
  } catch {
    verifyHere();
  }
  return () => {
    isStopped = true;
    worker?.terminate();
  };
}
