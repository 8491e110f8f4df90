// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

/** A view and its parameters, as the fragment of the address names them. */
export interface Route {
  path: string[];
  parameters: Record<string, string>;
}

/** Reads `#/path/to?name=value`. */
export function readRoute(fragment: string): Route {
  const text = fragment.replace(/^#\/?/, '');
  const mark = text.indexOf('?');
  const path = (mark < 0 ? text : text.slice(0, mark)).split('/').filter((part) => part !== '');
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1))) {
    if (value !== '') parameters[name] = value;
  }
  return { path: path.map(decode), parameters };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Writes the fragment that `readRoute` reads. */
export function href(path: string[], parameters: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return '#/' + path.map(encodeURIComponent).join('/') + (text === '' ? '' : '?' + text);
}

/** Goes to a view. */
export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', to);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = to;
  }
}

/** Returns the view that the address names, and follows it. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(readRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
