// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A server that is a child process and speaks on its standard streams. */
final class ServerProcess implements Upstream {
  /** Longest line of a server that is read; a large image takes some MiB. */
  static final int MAX_LINE_BYTES = 32 << 20;

  /** Wait before a child that does not end by itself gets a signal, and then the next one. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Process process;
  private final Listener listener;

  /** Held while a message is written. */
  private final ReentrantLock writing = new ReentrantLock();

  private final AtomicBoolean ended = new AtomicBoolean();

  private final Duration grace;

  private ServerProcess(Process process, Listener listener, Duration grace) {
    this.process = process;
    this.listener = listener;
    this.grace = grace;
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
    writing.lock();
    try {
      OutputStream out = process.getOutputStream();
      out.write(bytes);
      out.write('\n');
      out.flush();
    } finally {
      writing.unlock();
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
      closeInput();
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

  /** Skipped while a message is being written that the server does not read. */
  private void closeInput() throws InterruptedException {
    if (writing.tryLock(grace.toMillis(), TimeUnit.MILLISECONDS)) {
      try {
        process.getOutputStream().close();
      } catch (IOException e) {
        // The server has closed its end.
      } finally {
        writing.unlock();
      }
    }
  }
}
