// SPDX-License-Identifier: Apache-2.0
/**
 * A log as static files, in the layout that C2SP tlog-tiles gives it: {@code checkpoint}, {@code
 * tile/<level>/<index>[.p/<width>]} and {@code tile/entries/<index>[.p/<width>]}. Any web server
 * serves it, and the tools of others read it.
 *
 * <p>{@link dev.indelible.tlog.LogDirectory} knows the files: which never change, in what order
 * they reach the disk, and that the checkpoint comes last. {@link dev.indelible.tlog.RawLog} is a
 * log of entries of any kind in such a directory, without chains, rows or agents; an audit log is
 * written into the same files by {@code dev.indelible.publish}.
 */
@NullMarked
package dev.indelible.tlog;

import org.jspecify.annotations.NullMarked;
