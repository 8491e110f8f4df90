// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Value;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Follows the symbolic links of the file system, where the gate sees the files of the agent.
 *
 * <p>A file system may not answer, for example a network mount: one daemon thread asks it, and the
 * caller waits no longer than its limit. Past that, or past the limits of components and links, the
 * path is opaque.
 *
 * <p>The answer is that of the moment: whoever changes a link between the decision and the action
 * evades it.
 */
public final class LinkResolver implements AutoCloseable {
  /** The limit of Linux for one path. */
  private static final int MAX_LINKS = 40;

  /** Four times as deep as a source tree is; each costs a system call. */
  private static final int MAX_COMPONENTS = 128;

  /** Callers that wait for the thread; more get an opaque path at once. */
  private static final int MAX_WAITING = 64;

  private static final Duration IDLE_LIMIT = Duration.ofSeconds(10);

  private final Duration limit;
  private final ExecutorService thread;

  /**
   * Creates a resolver.
   *
   * @param limit how long a caller waits
   */
  public LinkResolver(Duration limit) {
    this(limit, daemon());
  }

  LinkResolver(Duration limit, ExecutorService thread) {
    this.limit = limit;
    this.thread = thread;
  }

  private static ExecutorService daemon() {
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_LIMIT.toMillis(),
            TimeUnit.MILLISECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread made = new Thread(task, "indelible-links");
              made.setDaemon(true);
              return made;
            });
    one.allowCoreThreadTimeOut(true);
    return one;
  }

  /**
   * Returns the path with its links followed, as far as its components are known; the path itself
   * if it has none, or is not on this machine.
   *
   * @param followsLast whether a link in the place of the last component is followed, too: {@code
   *     rm link} removes the link, {@code rm link/x} follows it
   */
  public CanonicalPath resolve(CanonicalPath path, boolean followsLast) {
    if (path.isOpaque() || !isHere(path)) {
      return path;
    }
    FutureTask<CanonicalPath> task = new FutureTask<>(() -> follow(path, followsLast));
    try {
      thread.execute(task);
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | RejectedExecutionException e) {
      task.cancel(false);
      return opaque(path, "its links could not be followed in time");
    } catch (InterruptedException e) {
      task.cancel(false);
      Thread.currentThread().interrupt();
      return opaque(path, "the thread was interrupted while it followed links");
    } catch (ExecutionException e) {
      return opaque(path, "its links cannot be followed: " + e.getCause().getMessage());
    }
  }

  private static CanonicalPath opaque(CanonicalPath path, String problem) {
    return CanonicalPath.opaque(path.display(), problem);
  }

  /** Returns whether the root of the path is one of this system. */
  private static boolean isHere(CanonicalPath path) {
    String root = path.root().text();
    boolean isWindows = File.separatorChar == '\\';
    return path.root().is(Component.Kind.ROOT)
        && (isWindows ? CanonicalPath.isDriveRoot(root) : root.equals(CanonicalPath.POSIX_ROOT));
  }

  private static CanonicalPath follow(CanonicalPath path, boolean followsLast) {
    List<Component> components = path.components();
    int known = 1;
    while (known < components.size() && components.get(known).is(Component.Kind.NAME)) {
      known++;
    }
    if (known > MAX_COMPONENTS) {
      return opaque(path, "it has more than " + MAX_COMPONENTS + " names");
    }
    boolean isWhole = known == components.size();
    String root = path.root().text();
    Path at = Path.of(root.equals(CanonicalPath.POSIX_ROOT) ? root : root + "\\");
    Deque<Path> ahead = new ArrayDeque<>();
    for (Component component : components.subList(1, known)) {
      ahead.addLast(Path.of(component.text()));
    }
    int links = 0;
    try {
      while (!ahead.isEmpty()) {
        Path name = ahead.removeFirst();
        if (name.toString().equals("..")) {
          at = at.getParent() == null ? at : at.getParent();
          continue;
        }
        Path next = at.resolve(name);
        boolean isLast = ahead.isEmpty() && isWhole;
        if (isLast && !followsLast || !Files.isSymbolicLink(next)) {
          at = next;
          continue;
        }
        links++;
        Path target = Files.readSymbolicLink(next);
        if (links > MAX_LINKS || ahead.size() + target.getNameCount() > MAX_COMPONENTS) {
          return opaque(path, "it leads through too many links");
        }
        if (target.isAbsolute()) {
          at = target.getRoot();
        }
        for (int i = target.getNameCount() - 1; i >= 0; i--) {
          if (!target.getName(i).toString().equals(".")) {
            ahead.addFirst(target.getName(i));
          }
        }
      }
    } catch (IOException | InvalidPathException e) {
      return opaque(path, "its links cannot be followed: " + e.getMessage());
    }
    return links == 0 ? path : withRest(at, path, known);
  }

  /** Returns the place reached, with the components behind it that are not known. */
  private static CanonicalPath withRest(Path at, CanonicalPath path, int known) {
    CanonicalPath nowhere = CanonicalPath.opaque("", "no directory");
    CanonicalPath reached = PathReader.read(Value.of(at.toString()), nowhere, null);
    if (reached.isOpaque()) {
      return reached;
    }
    List<Component> all = new ArrayList<>(reached.components());
    all.addAll(path.components().subList(known, path.components().size()));
    return new CanonicalPath(List.copyOf(all), path.endsWithSeparator());
  }

  /** Ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
