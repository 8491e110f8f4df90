// SPDX-License-Identifier: Apache-2.0
/**
 * A log as static files in the layout of C2SP tlog-tiles: {@code checkpoint}, {@code
 * tile/<level>/<index>[.p/<width>]} and {@code tile/entries/<index>[.p/<width>]}. Any web server
 * can serve it, and other implementations read it.
 *
 * <p>{@link dev.indelible.tlog.LogDirectory} reads and writes the files. Tiles never change, and
 * the checkpoint is written last. {@link dev.indelible.tlog.RawLog} is a log of arbitrary entries
 * in a directory of these files. {@code dev.indelible.publish} exports an audit log into them.
 */
@NullMarked
package dev.indelible.tlog;

import org.jspecify.annotations.NullMarked;
