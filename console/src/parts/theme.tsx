// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

type Theme = 'auto' | 'light' | 'dark';

const STORED = 'indelible.theme';
const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const NAMES: Record<Theme, string> = { auto: 'as the system', light: 'light', dark: 'dark' };

function stored(): Theme {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto'; // A browser may keep nothing.
  }
}

/** Uses the theme that the reader chose, or else the system's. */
export function applyTheme(theme: Theme = stored()): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** A switch between the system's theme, light and dark. */
export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState(stored);
  const change = () => {
    const next = NEXT[theme];
    try {
      localStorage.setItem(STORED, next);
    } catch {
      // Then it lasts as long as the page.
    }
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" class="icon-button" onClick={change} title={`Theme: ${NAMES[theme]}`} aria-label={`Theme: ${NAMES[theme]}. Change`}>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        {theme === 'light' && <path d="M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900 13 13M13 3l-1.100 1.100M4.100 11.900 3 13" />}
        {theme === 'dark' && <path d="M13.500 9.600A5.800 5.800 0 0 1 6.400 2.500a5.800 5.800 0 1 0 7.100 7.100Z" />}
        {theme === 'auto' && <><circle cx="8" cy="8" r="5.700" /><path class="filled" d="M8 2.300a5.700 5.700 0 0 1 0 11.400Z" /></>}
      </svg>
    </button>
  );
}
