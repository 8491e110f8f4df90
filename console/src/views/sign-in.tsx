// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem, mayRead, signIn, type Caller } from '../api.ts';
import { Failure } from '../parts/state.tsx';

const FORM = /^indelible_[0-9a-f]{8}_[0-9a-f]{72}$/;

/**
 * Exchanges an API key for a session. The field is not part of a form, so that no browser sends or
 * stores the key by itself.
 */
export function SignIn({ caller, ended, onSignedIn }: {
  caller: Caller | null;
  ended: boolean;
  onSignedIn: (caller: Caller) => void;
}): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  useEffect(() => field.current?.focus(), []);
  const enter = () => {
    const key = field.current!.value.trim();
    if (!FORM.test(key)) {
      setProblem(new Problem(400, 'Not a key', 'a key is "indelible_", 8 hex digits, "_" and 72 hex digits'));
      field.current!.focus();
      return;
    }
    setBusy(true);
    setProblem(undefined);
    signIn(key)
      .then(
        (found) => {
          if (mayRead(found)) onSignedIn(found);
          else setProblem(new Problem(403, 'Not a reader', `the key of ${found.principal} has neither the role reader nor approver`));
        },
        (e: unknown) =>
          setProblem(
            e instanceof Problem && e.status === 401
              ? new Problem(401, 'Not accepted', 'the key is unknown, revoked or expired')
              : e instanceof Problem ? e : new Problem(0, 'Error', String(e)),
          ),
      )
      .finally(() => {
        if (field.current) field.current.value = '';
        setBusy(false);
      });
  };
  return (
    <div class="sign-in">
      <section class="card" aria-labelledby="sign-in-title">
        <h1 id="sign-in-title">Sign in</h1>
        {ended && <p class="notice" role="status">Your session has ended. Sign in again to go on where you were.</p>}
        {caller?.principal && <p class="notice">You are {caller.principal}, which may not read the log.</p>}
        <label for="key">API key with the role reader or approver</label>
        <div class="field-row">
          <input
            id="key"
            ref={field}
            type="password"
            autocomplete="off"
            spellcheck={false}
            autocapitalize="off"
            placeholder="indelible_…"
            onKeyDown={(event) => { if (event.key === 'Enter') enter(); }}
          />
          <button type="button" class="primary" onClick={enter} disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
        </div>
        {problem && <Failure problem={problem} />}
        <p class="hint">
          The key is sent once, in exchange for a cookie that scripts cannot read, and is kept nowhere. Create one as the
          daemon's user:
        </p>
        <pre class="command">indelible --data DIRECTORY api-keys create me --role reader</pre>
      </section>
    </div>
  );
}
