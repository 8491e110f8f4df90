// SPDX-License-Identifier: Apache-2.0

/** Returns the text of verify.html. */
export function verifyPage(): Promise<string>;
