// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Value;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows the symbolic links of the file system, where the gate sees the files of the agent.
 *
 * <p>A file system, for example a network mount, may not answer. So daemon threads ask it, and a
 * caller waits no longer than its limit. Beyond this limit, or beyond the limits of components and
 * links, a path is opaque, which means that it matches every pattern. A walk through the paths of
 * an action ends when its caller stops waiting, so that only a hanging system call occupies a
 * thread. A hanging thread is not stopped: until it continues, all paths below the place that it
 * asked about are opaque at once. While every thread hangs, all paths are opaque.
 *
 * <p>The result is valid only at the time of the decision: a link can be changed between the
 * decision and the action.
 *
 * <p>Thread-safe. Needs no closing: an idle thread ends by itself.
 *
 * <p>The class is long because the walk, its threads and their limits depend on the same state.
 */
public final class LinkResolver {
  /** Far more than a file system needs to answer, even on a busy machine. */
  public static final Duration DEFAULT_LIMIT = Duration.ofSeconds(1);

  /** The limit of Linux for one path. */
  private static final int MAX_LINKS = 40;

  /** Four times the depth of a deep source tree; each component costs a system call. */
  private static final int MAX_COMPONENTS = 128;

  /**
   * Maximum number of system calls for one action; a component that its paths share costs one call.
   */
  static final int MAX_CALLS = 4_096;

  /** The number of places that may hang before all paths are opaque. */
  static final int MAX_THREADS = 4;

  /** Maximum number of callers that wait for a thread; further callers get opaque paths at once. */
  private static final int MAX_WAITING = 64;

  private static final Duration IDLE_LIMIT = Duration.ofSeconds(10);
  private static final String NOT_IN_TIME = "its links could not be followed in time";
  private static final String INTERRUPTED = "the thread was interrupted while it followed links";
  private static final Path PROCESSES = Path.of("/proc");

  /** Asks the file system about one place. */
  interface Disk {
    /** Returns the target of a link; empty if the place is not a link or does not exist. */
    Optional<Path> target(Path place) throws IOException;

    /** Returns true if a place is a regular file, below which nothing can exist. */
    default boolean isFile(Path place) {
      return Files.isRegularFile(place);
    }
  }

  private final Duration limit;
  private final Disk disk;
  private final LongSupplier nanoTime;
  private final ExecutorService threads;
  private final Set<Walk> walks = ConcurrentHashMap.newKeySet();

  /**
   * Creates a resolver.
   *
   * @param limit how long a caller waits
   */
  public LinkResolver(Duration limit) {
    this(limit, LinkResolver::target);
  }

  LinkResolver(Duration limit, Disk disk) {
    this(limit, disk, LinkResolver::daemon, System::nanoTime);
  }

  /** Creates a resolver with a clock that tests control. */
  LinkResolver(Duration limit, Disk disk, ThreadFactory factory, LongSupplier nanoTime) {
    this.limit = limit;
    this.disk = disk;
    this.nanoTime = nanoTime;
    threads = pool(factory);
  }

  private static Thread daemon(Runnable task) {
    Thread made = new Thread(task, "indelible-links");
    made.setDaemon(true);
    return made;
  }

  private static ExecutorService pool(ThreadFactory factory) {
    ThreadPoolExecutor few =
        new ThreadPoolExecutor(
            MAX_THREADS,
            MAX_THREADS,
            IDLE_LIMIT.toMillis(),
            TimeUnit.MILLISECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            factory);
    few.allowCoreThreadTimeOut(true);
    return few;
  }

  private static Optional<Path> target(Path place) throws IOException {
    if (!Files.isSymbolicLink(place)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readSymbolicLink(place));
    } catch (NotLinkException e) { // It was replaced in the meantime.
      return Optional.empty();
    }
  }

  /**
   * A path of an action.
   *
   * @param path its canonical form
   * @param asked the path to look up; it keeps each {@code ..} of the written path ({@link
   *     Surroundings#pathWithParents}), because {@code ..} after a link is above the link's target
   * @param followsLast true if a link is followed even if it is the last name: {@code cat link}
   *     follows it, {@code rm link} does not
   */
  public record Request(CanonicalPath path, CanonicalPath asked, boolean followsLast) {
    Request(CanonicalPath path) {
      this(path, path, true);
    }
  }

  /**
   * Paths with their links followed.
   *
   * @param surroundings the working directory and the home
   * @param paths in the order of the requests
   */
  public record Followed(Surroundings surroundings, List<CanonicalPath> paths) {}

  /**
   * Returns the paths of an action with their links followed, as far as their names are known. A
   * path without links, or on another machine, is not changed.
   */
  public Followed follow(Surroundings surroundings, List<Request> requests) {
    List<Request> all = new ArrayList<>(requests);
    all.add(new Request(surroundings.workingDirectory()));
    surroundings.home().ifPresent(home -> all.add(new Request(home)));
    List<CanonicalPath> followed = follow(all);
    int size = requests.size();
    return new Followed(
        surroundings.at(
            followed.get(size), followed.size() > size + 1 ? followed.get(size + 1) : null),
        followed.subList(0, size));
  }

  private List<CanonicalPath> follow(List<Request> requests) {
    if (Thread.currentThread().isInterrupted()) {
      return opaque(requests, INTERRUPTED);
    }
    List<Path> hanging = new ArrayList<>();
    for (Walk walk : walks) {
      if (walk.isLate()) {
        hanging.add(walk.asked);
      }
    }
    if (hanging.size() >= MAX_THREADS) {
      return opaque(requests, NOT_IN_TIME);
    }
    Walk walk = new Walk(disk, hanging, limit, nanoTime);
    FutureTask<List<CanonicalPath>> task = new FutureTask<>(() -> run(walk, requests));
    try {
      start(task);
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | RejectedExecutionException e) {
      task.cancel(false);
      return opaque(requests, NOT_IN_TIME);
    } catch (InterruptedException e) {
      task.cancel(false);
      Thread.currentThread().interrupt();
      return opaque(requests, INTERRUPTED);
    } catch (ExecutionException e) {
      return opaque(requests, "its links cannot be followed: " + e.getCause());
    }
  }

  private void start(Runnable task) {
    try {
      threads.execute(task);
    } catch (Error e) { // The system has no thread left; later it may have one again.
      throw new RejectedExecutionException(e);
    }
  }

  private List<CanonicalPath> run(Walk walk, List<Request> requests) {
    walks.add(walk);
    try {
      return requests.stream().map(walk::follow).toList();
    } finally {
      walks.remove(walk);
    }
  }

  private static List<CanonicalPath> opaque(List<Request> requests, String problem) {
    return requests.stream()
        .map(Request::path)
        .map(path -> isHere(path) ? opaque(path, problem) : path)
        .toList();
  }

  private static CanonicalPath opaque(CanonicalPath path, String problem) {
    return path.isOpaque() ? path : CanonicalPath.opaque(path.display(), problem);
  }

  /** Returns true if the root of the path is one of this system. */
  private static boolean isHere(CanonicalPath path) {
    String root = path.root().text();
    boolean isWindows = File.separatorChar == '\\';
    return path.root().is(Component.Kind.ROOT)
        && (isWindows ? CanonicalPath.isDriveRoot(root) : root.equals(CanonicalPath.POSIX_ROOT));
  }

  /** Follows the links of one action. */
  private static final class Walk {
    private final Disk disk;
    private final List<Path> hanging;
    private final Map<Path, Optional<Path>> targets = new HashMap<>();

    private final LongSupplier nanoTime;

    /** When the caller began to wait. */
    private final long start;

    /** How long the caller waits. */
    private final Duration limit;

    /** The place that the thread asks about; read by the threads of other callers. */
    private volatile Path asked = PROCESSES;

    Walk(Disk disk, List<Path> hanging, Duration limit, LongSupplier nanoTime) {
      this.disk = disk;
      this.hanging = hanging;
      this.limit = limit;
      this.nanoTime = nanoTime;
      start = nanoTime.getAsLong();
    }

    /** Returns true if the caller waits no longer: then the walk hangs, or is about to end. */
    boolean isLate() {
      return nanoTime.getAsLong() - start > limit.toNanos();
    }

    CanonicalPath follow(Request request) {
      CanonicalPath path = request.path();
      if (path.isOpaque() || !isHere(path)) {
        return path;
      }
      List<Component> components = withoutUnknownParents(request.asked().components());
      int known = known(components);
      if (known > MAX_COMPONENTS) {
        return opaque(path, "it has more than " + MAX_COMPONENTS + " names");
      }
      List<Component> rest = components.subList(known, components.size());
      try {
        Path from = Path.of(path.root().text() + File.separator);
        Deque<Path> names = new ArrayDeque<>();
        for (Component component : components.subList(1, known)) {
          names.addLast(Path.of(component.text()));
        }
        Path reached = walk(from, names, request.followsLast() || !rest.isEmpty());
        return reached == null || isBelowFile(reached, rest) ? path : withRest(reached, rest, path);
      } catch (IOException | InvalidPathException e) {
        return opaque(path, "its links cannot be followed: " + e.getMessage());
      }
    }

    /** Returns true if a path leads below a file, where no other file can exist. */
    private boolean isBelowFile(Path reached, List<Component> rest) throws IOException {
      Path directory = rest.isEmpty() ? reached.getParent() : reached;
      if (directory == null) {
        return false;
      }
      beginCall(directory);
      return disk.isFile(directory);
    }

    /** Returns the number of components at the beginning that are known. */
    private static int known(List<Component> components) {
      int known = 1;
      while (known < components.size() && components.get(known).is(Component.Kind.NAME)) {
        known++;
      }
      return known;
    }

    /**
     * Returns the components with each {@code ..} after an unknown component resolved: the unknown
     * one counts as a single name that is not a link.
     */
    private static List<Component> withoutUnknownParents(List<Component> asked) {
      int known = known(asked);
      List<Component> kept = new ArrayList<>(asked.subList(0, known));
      for (Component component : asked.subList(known, asked.size())) {
        boolean isParent = component.is(Component.Kind.NAME) && component.text().equals("..");
        if (isParent && known(kept) < kept.size()) {
          kept.remove(kept.size() - 1);
        } else {
          kept.add(component);
        }
      }
      return kept;
    }

    /**
     * Follows names from a directory on.
     *
     * @return the resulting path; null if there is neither a link nor {@code ..} on the way
     */
    private @Nullable Path walk(Path from, Deque<Path> names, boolean followsLast)
        throws IOException {
      Path at = from;
      int links = 0;
      boolean isOther = false;
      while (!names.isEmpty()) {
        Path name = names.removeFirst();
        if (name.toString().equals("..")) {
          isOther = true;
          at = at.getParent() == null ? at : at.getParent();
          continue;
        }
        Path next = at.resolve(name);
        // Links in /proc depend on the process that reads them; the canonical form has resolved
        // them.
        boolean isProcess = next.startsWith(PROCESSES);
        Optional<Path> target =
            isProcess || names.isEmpty() && !followsLast ? Optional.empty() : ask(next);
        if (target.isEmpty()) {
          at = next;
          continue;
        }
        isOther = true;
        links++;
        if (links > MAX_LINKS || names.size() + target.get().getNameCount() > MAX_COMPONENTS) {
          throw new IOException("it leads through too many links");
        }
        if (target.get().isAbsolute()) {
          at = target.get().getRoot();
        }
        for (int i = target.get().getNameCount() - 1; i >= 0; i--) {
          if (!target.get().getName(i).toString().matches("\\.?")) {
            names.addFirst(target.get().getName(i));
          }
        }
      }
      return isOther ? at : null;
    }

    private Optional<Path> ask(Path place) throws IOException {
      Optional<Path> known = targets.get(place);
      if (known != null) {
        return known;
      }
      if (targets.size() == MAX_CALLS) {
        throw new IOException("the action names too many paths");
      }
      beginCall(place);
      Optional<Path> target = disk.target(place);
      targets.put(place, target);
      return target;
    }

    /** Records the place of a call that may hang; refuses a call that nobody waits for. */
    private void beginCall(Path place) throws IOException {
      if (isLate()) {
        throw new IOException(NOT_IN_TIME);
      }
      for (Path other : hanging) {
        if (place.startsWith(other)) {
          throw new IOException(other + " does not answer");
        }
      }
      asked = place;
    }

    /** Returns the place reached, with the components after it that are unknown. */
    private static CanonicalPath withRest(Path at, List<Component> rest, CanonicalPath path) {
      CanonicalPath nowhere = CanonicalPath.opaque("", "no directory");
      CanonicalPath reached = PathReader.read(Value.of(at.toString()), nowhere, null);
      if (reached.isOpaque()) {
        return reached;
      }
      List<Component> all = new ArrayList<>(reached.components());
      all.addAll(rest);
      reached = new CanonicalPath(Collections.unmodifiableList(all), path.endsWithSeparator());
      return reached.display().equals(path.display()) ? path : reached;
    }
  }
}
