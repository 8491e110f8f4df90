// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server that is a child process and speaks on its standard streams. One thread reads it, and one
 * writes to it, so that a server that does not read holds up neither its client nor the gateway's
 * end.
 */
final class ServerProcess implements Upstream {
  /** Longest line of a server that is read; a large image takes some MiB. */
  static final int MAX_LINE_BYTES = 32 << 20;

  /** Wait before a child that does not end by itself gets a signal, and then the next one. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  /** Bytes that may wait while the server does not read: several of the longest messages. */
  static final int MAX_UNSENT_BYTES = 4 * Gateway.MAX_BYTES;

  /**
   * Longest wait for room among the unsent bytes, in grace times: ten seconds. A server that reads
   * nothing for as long is stuck.
   */
  private static final int ROOM_LIMIT = 5;

  /** Marks the end of {@link #unsent}. */
  private static final byte[] NO_MORE = {};

  private final Process process;
  private final Listener listener;

  /** The messages that were sent and are not written yet, in order. */
  private final BlockingQueue<byte[]> unsent = new LinkedBlockingQueue<>();

  /** The bytes that may be added to them now. */
  private final Semaphore room = new Semaphore(MAX_UNSENT_BYTES);

  /** The reason that nothing more can be written; empty before that. The writing thread writes. */
  private volatile Optional<String> unwritable = Optional.empty();

  private final AtomicBoolean ended = new AtomicBoolean();

  private final Duration grace;
  private final Thread writer;

  private ServerProcess(Process process, Listener listener, Duration grace) {
    this.process = process;
    this.listener = listener;
    this.grace = grace;
    this.writer = daemon("indelible-mcp-to-server", this::write);
  }

  /**
   * Starts a server. What it writes to standard error goes to this process's standard error.
   *
   * @throws IOException if the program cannot be started; the message names it
   */
  static ServerProcess start(List<String> command, Listener listener) throws IOException {
    return start(command, listener, GRACE);
  }

  /**
   * Starts a server, see {@link #start(List, Listener)}.
   *
   * @param grace the wait before a child gets a signal, and then the next one
   */
  static ServerProcess start(List<String> command, Listener listener, Duration grace)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    ServerProcess server = new ServerProcess(process, listener, grace);
    daemon("indelible-mcp-server", server::read);
    // A child of the server may keep the pipe open after the server has ended.
    process
        .onExit()
        .thenRunAsync(
            server::reportEnd,
            CompletableFuture.delayedExecutor(grace.toMillis(), TimeUnit.MILLISECONDS));
    return server;
  }

  static Thread daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void read() {
    Lines lines = new Lines(process.getInputStream(), MAX_LINE_BYTES);
    try {
      Lines.@Nullable Line line = lines.next();
      while (line != null) {
        listener.receive(line);
        line = lines.next();
      }
      process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      // The pipe is closed, because the process was ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) { // For example no memory for a line; no other thread reads the server.
      reportEnd("the server cannot be read: " + e);
    }
    reportEnd();
  }

  private void reportEnd() {
    reportEnd(
        process.isAlive()
            ? "the server closed its standard output"
            : "the server ended with status " + process.exitValue());
  }

  private void reportEnd(String reason) {
    if (ended.compareAndSet(false, true)) {
      listener.end(reason);
    }
  }

  @Override
  public void send(Message message) throws IOException {
    byte[] bytes = message.bytes();
    try {
      if (!room.tryAcquire(weight(bytes), ROOM_LIMIT * grace.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "it reads nothing, and %s MiB wait for it".formatted(MAX_UNSENT_BYTES >> 20));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while messages wait for the server");
    }
    if (unwritable.isPresent()) {
      throw new IOException(unwritable.get());
    }
    unsent.add(bytes);
  }

  /** Returns a message's share of the room; a longer one would never get it. */
  private static int weight(byte[] message) {
    return Math.min(message.length, MAX_UNSENT_BYTES);
  }

  /** Writes messages until the last one, and then closes the server's standard input. */
  private void write() {
    try (OutputStream out = process.getOutputStream()) {
      byte[] message = unsent.take();
      while (message != NO_MORE) {
        out.write(message);
        out.write('\n');
        out.flush();
        room.release(weight(message));
        message = unsent.take();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) { // Most often the server has closed its end of the pipe.
      unwritable = Optional.of(String.valueOf(e.getMessage()));
      room.release(MAX_UNSENT_BYTES);
      // A message is lost. A server that has ended reports its status before that.
      CompletableFuture.delayedExecutor(2 * grace.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> reportEnd("the server cannot be reached: " + e.getMessage()));
    }
  }

  /**
   * Closes the server's standard input, which asks it to end. After a grace time, ends the server
   * and its children with SIGTERM, and after another one with SIGKILL.
   */
  @Override
  public void close() {
    List<ProcessHandle> all = tree();
    boolean interrupted = false;
    try {
      unsent.add(NO_MORE);
      // Still writing after that: the server does not read, and gets a signal.
      writer.join(grace.toMillis());
      if (!awaitEnd(all)) {
        all = tree();
        all.forEach(ProcessHandle::destroy);
        awaitEnd(all);
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    all.forEach(ProcessHandle::destroyForcibly);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean awaitEnd(List<ProcessHandle> all) throws InterruptedException {
    try {
      CompletableFuture.allOf(
              all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
          .get(grace.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the process and its descendants, such as the server that a package runner started. */
  private List<ProcessHandle> tree() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
  }
}
