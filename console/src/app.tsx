// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem, getAnyStatus, mayRead, signOut, whenSignedOut, whoAmI, type Caller } from './api.ts';
import { Failure, useLoaded } from './parts/state.tsx';
import { ThemeSwitch } from './parts/theme.tsx';
import { href, useRoute, type Route } from './router.ts';
import { ApprovalsView } from './views/approvals.tsx';
import { DecisionView } from './views/decision.tsx';
import { DecisionsView } from './views/decisions.tsx';
import { HealthView } from './views/health.tsx';
import { PolicyView } from './views/policy.tsx';
import { SessionView } from './views/session.tsx';
import { SignIn } from './views/sign-in.tsx';
import { VerifyView } from './views/verify.tsx';

const VIEWS: [path: string, name: string][] = [
  ['decisions', 'Decisions'],
  ['approvals', 'Approvals'],
  ['health', 'Health'],
  ['policy', 'Policy'],
  ['verify', 'Verify'],
];

/** Returns the views that a caller may see: an approver sees the requests alone. */
function viewsOf(caller: Caller): typeof VIEWS {
  return caller.roles.includes('reader') ? VIEWS : VIEWS.filter(([path]) => path === 'approvals');
}

/** The state of the log, as everybody on this machine may ask for it. */
export interface AuditHealth {
  entries: { source: string; reason: string }[];
  state: string;
}

/** The whole page. */
export function App(): JSX.Element {
  const route = useRoute();
  const [caller, setCaller] = useState<Caller | null>();
  const [problem, setProblem] = useState<Problem>();
  const [ended, setEnded] = useState(false);
  const ask = useCallback(() => {
    setProblem(undefined);
    whoAmI().then(setCaller, (e: unknown) => setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e))));
  }, []);
  useEffect(() => {
    whenSignedOut(() => {
      setEnded(true);
      setCaller(null);
    });
    ask();
  }, [ask]);
  const view = route.path[0] ?? 'decisions';
  useEffect(() => {
    document.title = `${VIEWS.find(([path]) => path === view)?.[1] ?? 'Decision'} · Indelible`;
  }, [view]);
  const main = useRef<HTMLElement>(null);
  const last = useRef(view);
  useEffect(() => {
    if (last.current !== view) {
      last.current = view;
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [view]);
  const isReader = caller !== undefined && mayRead(caller);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <header class="top">
        <a class="brand" href={href(['decisions'])}>
          <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 .8C8 .8 2.600 6.500 2.600 10.100a5.400 5.400 0 0 0 10.800 0C13.400 6.500 8 .8 8 .8Z" /><path class="sign" d="m5.700 10.100 1.700 1.700 3-3.300" /></svg>
          Indelible
        </a>
        {isReader && (
          <nav aria-label="Views">
            {viewsOf(caller!).map(([path, name]) => (
              <a key={path} href={href([path])} aria-current={view === path ? 'page' : undefined}>{name}</a>
            ))}
          </nav>
        )}
        <div class="top-end">
          <StatePill />
          <ThemeSwitch />
          {caller?.principal && (
            <span class="account">
              <span class="principal" title={`Roles: ${caller.roles.join(', ')}`}>{caller.principal.replace(/^key:/, '')}</span>
              {caller.token !== null && (
                <button type="button" class="quiet" onClick={() => void signOut().catch(() => {}).then(() => { setEnded(false); ask(); })}>Sign out</button>
              )}
            </span>
          )}
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {problem ? (
          <div class="page"><Failure problem={problem} retry={ask} /></div>
        ) : caller === undefined ? (
          <div class="page" aria-busy="true" />
        ) : isReader ? (
          <View route={route} caller={caller!} />
        ) : (
          <SignIn caller={caller} ended={ended} onSignedIn={(now) => { setEnded(false); setCaller(now); }} />
        )}
      </main>
    </>
  );
}

function View({ route, caller }: { route: Route; caller: Caller }): JSX.Element {
  const [asked, id] = route.path;
  const view = caller.roles.includes('reader') ? asked : 'approvals';
  switch (view) {
    case 'decision':
      return <DecisionView key={id} id={id ?? ''} />;
    case 'session':
      return <SessionView parameters={route.parameters} />;
    case 'approvals':
      return <ApprovalsView caller={caller} />;
    case 'health':
      return <HealthView caller={caller} />;
    case 'policy':
      return <PolicyView caller={caller} />;
    case 'verify':
      return <VerifyView />;
    default:
      return <DecisionsView parameters={route.parameters} />;
  }
}

/** The state of the log in a word; a link to its reasons. */
function StatePill(): JSX.Element | null {
  const health = useLoaded('health', (signal) => getAnyStatus<AuditHealth>('/health/audit', signal), 10_000);
  const isOffline = health.problem?.status === 0;
  const state = isOffline ? 'offline' : health.value?.state;
  if (state === undefined) return null;
  const reasons = isOffline ? 'The daemon cannot be reached.' : health.value?.entries.map((each) => each.reason).join('\n');
  return (
    <a class={`pill ${state === 'recording' ? 'good' : 'bad'}`} href={href(['health'])} title={reasons || 'Every decision is recorded.'}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{state}</span>
    </a>
  );
}
