// SPDX-License-Identifier: Apache-2.0

/** The address of a file that the build makes for a worker. */
declare module '*?worker&url' {
  const address: string;
  export default address;
}
