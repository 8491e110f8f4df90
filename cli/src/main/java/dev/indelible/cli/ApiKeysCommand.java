// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.access.AccessEvents;
import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.ApiKeys;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.Role;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "api-keys",
    description = "The keys with which callers of the daemon identify themselves.",
    subcommands = {
      ApiKeysCommand.Create.class,
      ApiKeysCommand.ListKeys.class,
      ApiKeysCommand.Rotate.class,
      ApiKeysCommand.Revoke.class
    })
final class ApiKeysCommand extends VerbGroup {
  /** The lifetime of a key that is created without {@code --expires}. */
  private static final String DEFAULT_LIFE = "90d";

  /** The lifetime of a key that does not expire. */
  private static final String NEVER = "never";

  /** A time as a person reads it. */
  private static final DateTimeFormatter MINUTES =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** A verb that changes the keys. Each change is recorded in the chain before it takes effect. */
  abstract static class Change extends Verb {
    @Mixin ByOption by = new ByOption();

    @Override
    public final Integer call() throws Exception {
      String who = by.name();
      Indelible log = openLog(Optional.empty(), Run.NO_ACTION);
      try (ApiKeyFile.Change change = ApiKeyFile.in(data().path()).change()) {
        change(log, change, who);
      } finally {
        closeWritten(log);
      }
      return ExitCode.OK;
    }

    /**
     * Records the change and makes it.
     *
     * @param who the recorded name of the person
     */
    abstract void change(Indelible log, ApiKeyFile.Change change, String who) throws Exception;
  }

  /** Records an event; fails if it is not accepted, because no change is made without a record. */
  private static void record(Indelible log, SystemEvent event) throws CommandFailure {
    if (!log.queue().submit(event)) {
      throw CommandFailure.failed(
          "nothing was changed, because the change cannot be recorded: %s",
          log.metrics().health().reason());
    }
  }

  /**
   * Creates a key, records its creation, and prints the key.
   *
   * @param who the recorded name of the person
   */
  static void create(Verb verb, Indelible log, ApiKeyFile.Change change, NewKey wanted, String who)
      throws Exception {
    KeyText text = KeyText.generate();
    ApiKey key = wanted.key(text);
    ApiKeys next = change.keys().with(key);
    record(log, AccessEvents.created(key, who));
    change.replace(next);
    print(verb, key, text);
  }

  /**
   * A key to be created.
   *
   * @param expires how long the key is valid, in words
   */
  record NewKey(String name, Set<Role> roles, Optional<String> agentId, String expires) {
    /** Returns the first key of a data directory. */
    static NewKey first() {
      return new NewKey("admin", Set.of(Role.ADMIN), Optional.empty(), DEFAULT_LIFE);
    }

    private ApiKey key(KeyText text) throws CommandFailure {
      try {
        return ApiKey.of(text, name, Grant.of(roles, agentId), end("--expires", expires));
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage(String.valueOf(e.getMessage()));
      }
    }
  }

  private static Optional<Instant> end(String option, String life) throws CommandFailure {
    return life.equals(NEVER) ? Optional.empty() : Optional.of(after(option, life));
  }

  private static Instant after(String option, String duration) throws CommandFailure {
    try {
      return Timestamps.requireRecordable(Timestamps.now().plus(TimeTexts.duration(duration)));
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("%s %s", option, e.getMessage());
    }
  }

  /** Prints a new key: its only copy. */
  private static void print(Verb verb, ApiKey key, KeyText text) {
    verb.print(
        out -> {
          describe(key, out);
          out.member("key", text.reveal()).member("name", key.name());
          out.name("roles").strings(key.grant().labels());
        },
        "%s\nkey %s (%s): %s. Keep it now: it is not shown again.%s",
        text.reveal(),
        key.id(),
        key.name(),
        words(key),
        verb instanceof ServeCommand ? " The next command is 'indelible serve'." : "");
  }

  private static String words(ApiKey key) {
    List<String> roles = key.grant().labels();
    return "%s %s%s, expires %s"
        .formatted(
            roles.size() == 1 ? "role" : "roles",
            String.join(" and ", roles),
            key.grant().agentId().map(agent -> " of " + agent).orElse(""),
            key.expires().map(MINUTES::format).orElse(NEVER));
  }

  /** Writes the members of a key up to its id. */
  private static void describe(ApiKey key, CanonicalWriter out) {
    out.member("agent_id", key.grant().agentId());
    out.member("expires", key.expires().map(Timestamps::format));
    out.member("id", key.id());
  }

  private static List<ApiKey> named(ApiKeys keys, String name) throws CommandFailure {
    List<ApiKey> named = keys.named(name);
    CommandFailure.refuseIf(
        named.isEmpty(),
        "%s: no key of this name or id; 'indelible api-keys list' lists them",
        name);
    return named;
  }

  @Command(
      name = "create",
      description = "Create a key and print it once.",
      footer = {
        "",
        "Every key has the role agent, which asks for decisions. The role reader also",
        "reads and verifies the log, operator reloads the policy and replays dead",
        "letters, approver answers requests for approval, and admin may do everything.",
        "A key created with --agent asks for decisions of that agent only.",
        "Send a key as 'Authorization: Bearer KEY'."
      })
  static final class Create extends Change {
    @Parameters(paramLabel = "NAME", description = "the name of the holder in records")
    String name = "";

    @Option(
        names = "--role",
        split = ",",
        paramLabel = "ROLE",
        description =
            "agent, reader, operator, approver or admin; several with commas (default: agent)")
    List<String> roles = new ArrayList<>();

    @Option(
        names = "--agent",
        paramLabel = "ID",
        description = "the only agent that the holder may ask for (default: any)")
    @Nullable String agent;

    @Option(
        names = "--expires",
        paramLabel = "TIME",
        defaultValue = DEFAULT_LIFE,
        description = "how long the key is valid, for example 12h, or never (default: 90d)")
    String expires = DEFAULT_LIFE;

    @Override
    void change(Indelible log, ApiKeyFile.Change change, String who) throws Exception {
      CommandFailure.refuseIf(
          !change.keys().named(name).isEmpty(),
          "%s: there is a key of this name; rotate or revoke it, or give another name",
          name);
      create(this, log, change, wanted(), who);
    }

    private NewKey wanted() throws CommandFailure {
      EnumSet<Role> named = EnumSet.noneOf(Role.class);
      for (String role : roles) {
        named.add(
            Role.named(role.strip())
                .orElseThrow(
                    () -> CommandFailure.usage("--role %s: give one of %s", role, Role.labels())));
      }
      return new NewKey(name, named, Optional.ofNullable(agent), expires);
    }
  }

  @Command(name = "list", description = "Print the keys, without their secrets.")
  static final class ListKeys extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      Table table = new Table("id", "name", "roles", "agent", "expires", "");
      Instant now = Instant.now();
      for (ApiKey key : ApiKeyFile.in(data().path()).read().all()) {
        print(
            out -> {
              out.member("agent_id", key.grant().agentId());
              out.member("expired", key.isExpired(now));
              out.member("expires", key.expires().map(Timestamps::format));
              out.member("id", key.id()).member("name", key.name());
              out.name("roles").strings(key.grant().labels());
            },
            () ->
                table.row(
                    key.id(),
                    key.name(),
                    String.join(",", key.grant().labels()),
                    Console.printable(key.grant().agentId().orElse("any")),
                    key.expires().map(Timestamps::format).orElse(NEVER),
                    key.isExpired(now) ? "expired" : ""));
      }
      if (!json()) {
        table.printOr("no keys", console());
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "rotate",
      description = "Replace a key by a new one with the same name and roles.",
      footer = {
        "",
        "The old key stops working at once, or after --overlap, so that its holder has",
        "time to change to the new one."
      })
  static final class Rotate extends Change {
    @Parameters(paramLabel = "NAME", description = "the name or the id of the key")
    String name = "";

    @Option(
        names = "--overlap",
        paramLabel = "TIME",
        description = "the time for which the old key is still accepted (default: none)")
    @Nullable String overlap;

    @Option(
        names = "--expires",
        paramLabel = "TIME",
        defaultValue = DEFAULT_LIFE,
        description = "how long the new key is valid, for example 12h, or never (default: 90d)")
    String expires = DEFAULT_LIFE;

    @Override
    void change(Indelible log, ApiKeyFile.Change change, String who) throws Exception {
      List<ApiKey> named = named(change.keys(), name);
      ApiKey old = named.get(named.size() - 1);
      KeyText text = KeyText.generate();
      ApiKey key = ApiKey.of(text, old.name(), old.grant(), end("--expires", expires));
      ApiKeys next = change.keys().without(change.keys().named(old.name()));
      if (overlap != null) {
        next = next.with(old.endingBy(after("--overlap", overlap)));
      }
      next = next.with(key);
      record(log, AccessEvents.rotated(key, who));
      change.replace(next);
      ApiKeysCommand.print(this, key, text);
    }
  }

  @Command(
      name = "revoke",
      description = "Remove a key; a running daemon refuses it within a second.")
  static final class Revoke extends Change {
    @Parameters(paramLabel = "NAME", description = "the name of the keys, or the id of one")
    String name = "";

    @Override
    void change(Indelible log, ApiKeyFile.Change change, String who) throws Exception {
      List<ApiKey> named = named(change.keys(), name);
      for (ApiKey key : named) {
        record(log, AccessEvents.revoked(key, who));
      }
      change.replace(change.keys().without(named));
      for (ApiKey key : named) {
        print(
            out -> out.member("id", key.id()).member("name", key.name()),
            "key %s of %s is revoked",
            key.id(),
            key.name());
      }
    }
  }
}
