// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.access.ApiKey;
import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import dev.indelible.access.Grant;
import dev.indelible.access.KeyText;
import dev.indelible.access.KeyWatch;
import dev.indelible.access.Role;
import dev.indelible.crypto.Sha256;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS on a non-loopback address, with real handshakes. */
class TlsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir static Path shared;
  private static Certificates certificates;
  private static KeyStore own;
  private static KeyStore ca;
  private static KeyStore member;
  private static KeyStore stranger;

  @TempDir Path temp;
  private TlsFiles files;
  private final AtomicInteger sockets = new AtomicInteger();
  private ApiKeyFile keys;
  private KeyText key;
  private HttpServer server;

  @BeforeAll
  static void make() throws Exception {
    certificates = new Certificates(shared);
    String[] names = {"-ext", "san=dns:localhost,ip:127.0.0.1"};
    own = certificates.selfSigned("own", "CN=audit.example", names);
    ca = certificates.selfSigned("ca", "CN=Clients", "-ext", "bc:c");
    member =
        certificates.issued("member", "CN=ops, O=Example", "ca", "-ext", "san=dns:ops.example");
    stranger = certificates.selfSigned("stranger", "CN=ops, O=Example", names);
  }

  @BeforeEach
  void start() throws Exception {
    files =
        new TlsFiles(
            certificates.pem("server", own.getCertificate("own")),
            certificates.key("server", own, "own"),
            certificates.pem("clients", ca.getCertificate("ca")));
    keys = ApiKeyFile.in(temp);
    key = KeyText.generate();
    try (ApiKeyFile.Change change = keys.change()) {
      Grant grant = Grant.of(Set.of(Role.READER), Optional.empty());
      change.replace(change.keys().with(ApiKey.of(key, "ci", grant, Optional.empty())));
    }
    server = start("0.0.0.0", "cert:ops.example = reader");
  }

  private HttpServer start(String address, String binding) throws IOException {
    List<Binding> bindings = List.of(Binding.read(binding));
    KeyWatch watch = KeyWatch.of(keys);
    Routes routes =
        new Routes(
            Callers.of(watch, new Sessions(watch), bindings), new Limits(0), Optional.empty());
    for (Role role : Role.values()) {
      routes.get("/" + role.label(), role, TlsTest::principal);
    }
    routes.getOpenly("/health/live", TlsTest::principal);
    return HttpServer.start(settings(address, bindings), Optional.of(files.load()), routes);
  }

  private ServeSettings settings(String address, List<Binding> bindings) {
    return new ServeSettings(
        new InetSocketAddress(address, 0),
        temp.resolve("socket" + sockets.incrementAndGet()),
        files,
        new AccessSettings(keys, Set.of("audit.example"), bindings, 0, false, false));
  }

  private static Response principal(Request request) {
    return Response.text("text/plain", request.caller().principal().orElse("nobody"));
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  private static TrustManager[] trusting(X509Certificate... trusted) throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    for (X509Certificate each : trusted) {
      trust.setCertificateEntry("server" + trust.size(), each);
    }
    TrustManagerFactory trusting =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusting.init(trust);
    return trusting.getTrustManagers();
  }

  private static SSLContext context(KeyStore client, X509Certificate... trusted) throws Exception {
    KeyManagerFactory presenting =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    presenting.init(client, Certificates.password());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(presenting.getKeyManagers(), trusting(trusted), null);
    return context;
  }

  private static X509Certificate certificate(KeyStore store, String alias) throws Exception {
    return (X509Certificate) store.getCertificate(alias);
  }

  private static HttpClient client(KeyStore presented) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(context(presented, certificate(own, "own")))
        .version(HttpClient.Version.HTTP_1_1)
        .build();
  }

  private static KeyStore none() throws Exception {
    KeyStore empty = KeyStore.getInstance("PKCS12");
    empty.load(null, null);
    return empty;
  }

  /** Returns status and content. */
  private String get(HttpClient client, String path, String... headers) throws Exception {
    URI uri = URI.create("https://localhost:%s%s".formatted(server.port().orElseThrow(), path));
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(LIMIT);
    if (headers.length > 0) {
      request.headers(headers);
    }
    var response = client.send(request.build(), BodyHandlers.ofString());
    return response.statusCode() + (response.statusCode() == 200 ? " " + response.body() : "");
  }

  @Test
  void everythingButLivenessNeedsACredential() throws Exception {
    HttpClient client = client(none());

    assertThat(get(client, "/health/live")).isEqualTo("200 nobody");
    assertThat(get(client, "/agent")).isEqualTo("401");
    assertThat(get(client, "/reader")).isEqualTo("401");
    String bearer = "Bearer " + key.reveal();
    assertThat(get(client, "/agent", "Authorization", bearer)).isEqualTo("200 key:ci");
    assertThat(get(client, "/reader", "Authorization", bearer)).isEqualTo("200 key:ci");
    assertThat(get(client, "/operator", "Authorization", bearer)).isEqualTo("403");
  }

  @Test
  void loopbackCallerWithoutCredentialIsAnAgent() throws Exception {
    server.stop();
    server = start("127.0.0.1", "cert:ops.example = reader");

    assertThat(get(client(none()), "/agent")).isEqualTo("200 nobody");
    assertThat(get(client(none()), "/reader")).isEqualTo("401");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cert:ops.example         | 200 cert:ops.example",
        "cert:CN=ops,O=Example    | 200 cert:CN=ops,O=Example",
        "cert:CN=ops              | 401",
        "user:ops                 | 401"
      })
  void certificateHasTheRolesOfItsNames(String identity, String expected) throws Exception {
    server.stop();
    server = start("0.0.0.0", identity + " = reader");

    assertThat(get(client(member), "/reader")).isEqualTo(expected);
  }

  @Test
  void keyTakesPrecedenceOverTheCertificate() throws Exception {
    HttpClient client = client(member);

    assertThat(get(client, "/reader", "Authorization", "Bearer " + key.reveal()))
        .isEqualTo("200 key:ci");
    assertThat(get(client, "/reader", "Authorization", "Bearer " + KeyText.generate().reveal()))
        .isEqualTo("401");
  }

  @Test
  void certificateOfAnotherIssuerIsNotACredential() throws Exception {
    // The server lists the issuers that it accepts, so the client presents no certificate.
    assertThat(get(client(stranger), "/reader")).isEqualTo("401");
  }

  @Test
  void foreignCertificateEndsTheHandshake() throws Exception {
    X509ExtendedKeyManager always = new AlwaysPresents(stranger);
    SSLContext context = SSLContext.getInstance("TLSv1.2");
    context.init(new KeyManager[] {always}, trusting(certificate(own, "own")), null);
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket("127.0.0.1", server.port().orElseThrow())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});

      assertThatThrownBy(socket::startHandshake).isInstanceOf(IOException.class);
    }
  }

  /** Presents a certificate even if the server lists only other issuers. */
  private static final class AlwaysPresents extends X509ExtendedKeyManager {
    private final KeyStore store;

    AlwaysPresents(KeyStore store) {
      this.store = store;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return "stranger";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      try {
        return new X509Certificate[] {certificate(store, alias)};
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      try {
        return (PrivateKey) store.getKey(alias, Certificates.password());
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {"stranger"};
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }
  }

  @Test
  void renewedCertificateIsUsedAfterAReload() throws Exception {
    HttpClient before = client(none());
    assertThat(get(before, "/health/live")).startsWith("200");
    certificates.pem("server", stranger.getCertificate("stranger"));

    assertThatThrownBy(files::load).hasMessageContaining("not the EC, RSA or Ed25519 key");
    assertThat(get(client(none()), "/health/live")).startsWith("200");
    certificates.key("server", stranger, "stranger");
    server.replaceTls(files.load());

    assertThatThrownBy(() -> get(client(none()), "/health/live")).isInstanceOf(IOException.class);
    HttpClient after =
        HttpClient.newBuilder()
            .sslContext(context(none(), certificate(stranger, "stranger")))
            .build();
    assertThat(get(after, "/health/live")).startsWith("200");
  }

  @Test
  void filesThatCannotBeReadAgainAreInHealth() throws Exception {
    Indelible log = Indelible.builder(temp.resolve("data")).shutdownHook(false).open();
    Daemon daemon = Daemon.start(log, settings("127.0.0.1", List.of()));
    try {
      HttpClient client = client(member);
      String valid = Files.readString(files.key());
      Files.writeString(files.key(), "no key");
      assertThatThrownBy(daemon::reloadTls).hasMessageContaining("not a PKCS#8 key");
      await().until(() -> health(client, daemon).contains("\"source\":\"tls\""));

      Files.writeString(files.key(), valid);
      daemon.reloadTls();
      await().until(() -> !health(client, daemon).contains("tls"));
    } finally {
      daemon.stop();
      log.closeAndFlush(LIMIT);
    }
  }

  @Test
  void rolesOfNamesThatNothingProvesAreRefused() {
    List<Binding> certificate = List.of(Binding.read("cert:CN=ops = reader"));
    List<Binding> user = List.of(Binding.read("user:alice = reader"));
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", 0);
    AccessSettings access = new AccessSettings(keys, Set.of(), certificate, 0, false, false);
    TlsFiles withoutIssuers = new TlsFiles(files.certificate(), files.key(), null);

    assertThatThrownBy(() -> new ServeSettings(address, null, withoutIssuers, access))
        .hasMessageContaining("only a client certificate proves this name");
    AccessSettings ofUser = new AccessSettings(keys, Set.of(), user, 0, false, false);
    assertThatThrownBy(() -> new ServeSettings(address, null, files, ofUser))
        .hasMessageContaining("only a connection on the Unix socket proves a user or group");
  }

  private static String health(HttpClient client, Daemon daemon) throws Exception {
    int port = URI.create(daemon.addresses().get(0)).getPort();
    URI uri = URI.create("https://localhost:%s/health/audit".formatted(port));
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  /** Returns the digests of client CA files in the settings on record. */
  private static List<String> recordedIssuers(Indelible log) throws Exception {
    assertThat(log.queue().drainPending(LIMIT)).isTrue();
    List<String> digests = new ArrayList<>();
    try (LedgerReader ledger = log.log().reader()) {
      ledger.forEachRow(
          RowQuery.ofType("access.settings"),
          row -> {
            String payload = new String(row.payload().orElseThrow(), StandardCharsets.UTF_8);
            Matcher digest = Pattern.compile("\"client_ca\":\"([^\"]*)\"").matcher(payload);
            digests.add(digest.find() ? digest.group(1) : "none");
            return true;
          });
    }
    return digests;
  }

  private String clientCaDigest() throws Exception {
    return "sha256:" + HexFormat.of().formatHex(Sha256.hash(Files.readAllBytes(files.clientCa())));
  }

  @Test
  void changedClientCaIsOnRecordBeforeItIsUsed() throws Exception {
    ServeSettings settings = settings("127.0.0.1", List.of());
    Indelible log = Indelible.builder(temp.resolve("data")).shutdownHook(false).open();
    Daemon.start(log, settings).stop();
    String first = clientCaDigest();
    assertThat(recordedIssuers(log)).containsExactly(first);
    Daemon daemon = Daemon.start(log, settings);
    try {
      daemon.reloadTls();
      certificates.pem("clients", stranger.getCertificate("stranger"));
      daemon.reloadTls();
      String second = clientCaDigest();
      certificates.pem("clients", ca.getCertificate("ca"));
      daemon.reloadTls();
      assertThat(recordedIssuers(log)).containsExactly(first, second, first);
      log.closeAndFlush(LIMIT);
      certificates.pem("clients", stranger.getCertificate("stranger"));
      assertThatThrownBy(daemon::reloadTls).hasMessageContaining("cannot be recorded");
    } finally {
      daemon.stop();
      log.closeAndFlush(LIMIT);
    }
  }

  /** Sends a request with a Host header over one TLS version. Returns the status line. */
  private String raw(String protocol, String host) throws Exception {
    SSLContext context = context(none(), certificate(own, "own"));
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket("127.0.0.1", server.port().orElseThrow())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.setEnabledProtocols(new String[] {protocol});
      OutputStream out = socket.getOutputStream();
      out.write(
          "GET /health/live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
              .formatted(host)
              .getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readAllBytes();
      return new String(answer, StandardCharsets.US_ASCII).lines().findFirst().orElse("");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "TLSv1.2, audit.example, 200",
    "TLSv1.3, AUDIT.example:8740, 200",
    "TLSv1.3, localhost, 200",
    "TLSv1.3, evil.example, 421",
    "TLSv1.3, audit.example.evil, 421"
  })
  void hostMustBeOneOfTheNames(String protocol, String host, String status) throws Exception {
    assertThat(raw(protocol, host)).startsWith("HTTP/1.1 " + status);
  }

  @Test
  void plainHttpIsNotAnswered() throws Exception {
    URI uri = URI.create("http://localhost:%s/health/live".formatted(server.port().orElseThrow()));
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();

    assertThatThrownBy(() -> HttpClient.newHttpClient().send(request, BodyHandlers.ofString()))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAA==\n"})
  void unusableKeyIsNamedAndNotQuoted(String content) throws Exception {
    Files.writeString(files.key(), content);

    assertThatThrownBy(() -> start("127.0.0.1", "user:a = reader"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(files.key().toString())
        .hasMessageNotContaining("AA==");
  }

  @Test
  void keyThatEveryUserCanReadIsRefused() throws Exception {
    Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r--r--"));

    assertThatThrownBy(() -> start("127.0.0.1", "user:a = reader"))
        .hasMessageContaining("every user can read this key");
  }

  @Test
  void missingOrForeignCertificateIsNamed() throws Exception {
    TlsFiles missing = new TlsFiles(temp.resolve("no.pem"), files.key(), null);
    assertThatThrownBy(missing::load).hasMessageContaining("no.pem: no such file");

    Path text = Files.writeString(temp.resolve("text.pem"), "text");
    assertThatThrownBy(new TlsFiles(text, files.key(), null)::load)
        .hasMessageStartingWith(text.toString());
  }
}
