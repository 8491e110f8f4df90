// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScannerTest {
  /** Made-up secrets for each form, so that a lucky one proves nothing. */
  private static final int SAMPLES = 40;

  private static final String HOLE = "§";

  /** Secrets that their form shows, by detector and number. */
  private static final Map<String, Function<MadeUp, String>> FORMS = forms();

  private static Map<String, Function<MadeUp, String>> forms() {
    Map<String, Function<MadeUp, String>> forms = new LinkedHashMap<>();
    forms.put("aws_access_key", made -> "AKIA" + made.capital(16));
    forms.put("aws_access_key 2", made -> "ASIA" + made.capital(16));
    forms.put("gcp_api_key", made -> "AIza" + made.base64Url(35));
    forms.put("gcp_oauth_secret", made -> "GOCSPX-" + made.base64Url(28));
    forms.put("gcp_oauth_token", made -> "ya29." + made.base64Url(120));
    forms.put("azure_client_secret", made -> "aB38Q~" + made.alphanumeric(34));
    forms.put("github_token", made -> "ghp_" + made.alphanumeric(36));
    forms.put("github_token 2", made -> "gho_" + made.alphanumeric(36));
    forms.put("github_token 3", made -> "ghs_" + made.alphanumeric(36));
    forms.put(
        "github_token 4",
        made -> "github_pat_" + made.alphanumeric(22) + "_" + made.alphanumeric(59));
    forms.put("gitlab_token", made -> "glpat-" + made.base64Url(20));
    forms.put("slack_token", made -> "xoxb-" + made.digits(12) + "-" + made.alphanumeric(24));
    forms.put("slack_token 2", made -> "xapp-1-A" + made.digits(10) + "-" + made.hex(64));
    forms.put("stripe_key", made -> "sk_live_" + made.alphanumeric(24));
    forms.put("stripe_key 2", made -> "rk_test_" + made.alphanumeric(40));
    forms.put("npm_token", made -> "npm_" + made.alphanumeric(36));
    forms.put("pypi_token", made -> "pypi-AgEIcHlwaS5vcmc" + made.base64Url(120));
    forms.put("openai_key", made -> "sk-proj-" + made.base64Url(120));
    forms.put("openai_key 2", made -> "sk-" + made.alphanumeric(48));
    forms.put("anthropic_key", made -> "sk-ant-api03-" + made.base64Url(95));
    forms.put("huggingface_token", made -> "hf_" + made.alphanumeric(34));
    forms.put("sendgrid_key", made -> "SG." + made.base64Url(22) + "." + made.base64Url(43));
    forms.put("twilio_key", made -> "SK" + made.hex(32));
    forms.put("digitalocean_token", made -> "dop_v1_" + made.hex(64));
    forms.put("databricks_token", made -> "dapi" + made.hex(32));
    forms.put("vault_token", made -> "hvs." + made.base64Url(90));
    forms.put("terraform_token", made -> made.alphanumeric(14) + ".atlasv1." + made.base64Url(67));
    forms.put("docker_token", made -> "dckr_pat_" + made.base64Url(27));
    forms.put("shopify_token", made -> "shpat_" + made.hex(32));
    forms.put("telegram_token", made -> "AA" + made.base64Url(33));
    forms.put("jwt", MadeUp::jwt);
    return forms;
  }

  /** Texts around a secret that its form shows. */
  private static final List<String> PLACES =
      List.of(
          HOLE,
          "echo " + HOLE,
          "echo '" + HOLE + "' | pbcopy",
          "curl -H \"X-Key: " + HOLE + "\" https://api.example.com/v1",
          "KEY=" + HOLE + " make deploy",
          "{\"a\":[\"" + HOLE + "\"]}",
          "line one\\n" + HOLE + "\\nline three",
          "see (" + HOLE + "), please",
          "https://api.example.com/x?k=" + HOLE + "&z=1");

  @Test
  void everyFormIsFoundInEveryPlace() {
    int found = 0;
    int all = 0;
    List<String> missed = new ArrayList<>();
    for (Map.Entry<String, Function<MadeUp, String>> form : FORMS.entrySet()) {
      MadeUp made = new MadeUp(form.getKey().hashCode());
      for (int i = 0; i < SAMPLES; i++) {
        String place = PLACES.get(i % PLACES.size());
        String secret = form.getValue().apply(made);
        String text =
            form.getKey().equals("telegram_token")
                ? place.replace(HOLE, made.digits(9) + ":" + secret)
                : place.replace(HOLE, secret);
        all++;
        if (ActionRedactor.scrub(text).contains(secret)) {
          missed.add(form.getKey() + ": " + text);
        } else {
          found++;
        }
      }
    }
    assertThat(missed).as("recall %s of %s", found, all).isEmpty();
  }

  /** Secrets that their surroundings show; the hole is a password. */
  static Stream<String> surroundings() {
    return Stream.of(
        "mysql -u root --password=§ shop",
        "mysql -uroot -p§ shop",
        "docker exec -it db mysql -uroot -p§ shop",
        "kubectl exec pod -- mysql -p§",
        "find . -type f -delete && mysql -p§",
        "sudo -E mysql -p§",
        "find . -exec mysql -p§ \\;",
        "psql --password § -h db",
        "tool --api-key § run",
        "tool --token=§",
        "sshpass -p § ssh host",
        "sshpass -p§ ssh host",
        "redis-cli -h cache -a § ping",
        "docker login -u bot -p § registry.example.com",
        "curl -u alice:§ https://example.com",
        "curl -ualice:§ https://example.com",
        "curl --user 'alice:§' https://example.com",
        "curl https://alice:§@example.com/x",
        "git clone https://oauth2:§@gitlab.example.com/a/b.git",
        "psql postgres://app:§@db:5432/shop",
        "curl -H 'Authorization: Bearer §' https://example.com",
        "curl -H \"authorization: token §\" https://example.com",
        "curl -H 'Authorization: Basic §' https://example.com",
        "curl -H 'X-Api-Key: §' https://example.com",
        "curl -H 'PRIVATE-TOKEN: §' https://example.com",
        "curl -d 'grant_type=password&username=bob&password=§' https://example.com/token",
        "curl 'https://example.com/?access_token=§'",
        "export DB_PASSWORD=§",
        "export DB_PASSWORD='§'; make",
        "API_TOKEN=\"§\" ./deploy",
        "docker run -e POSTGRES_PASSWORD=§ postgres",
        "kubectl create secret generic db --from-literal=password=§",
        "aws configure set aws_secret_access_key §",
        "openssl rsa -in k.pem -passin pass:§ -out o.pem",
        "cat > .env <<EOF\nDB_HOST=db\nDB_PASSWORD=§\nEOF",
        "cat > c.json <<'EOF'\n{\"client_secret\": \"§\"}\nEOF",
        "echo '//npm.example.com/:_authToken=§' > .npmrc",
        "bash -c 'export SECRET_KEY=§; ./run'",
        "helm install x --set auth.password=§",
        "printf 'password: §\\n' > c.yaml",
        "Server=db;User Id=sa;Password=§;Encrypt=true",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§;EndpointSuffix=x");
  }

  @ParameterizedTest
  @MethodSource("surroundings")
  void namesAndOptionsShowSecrets(String text) {
    MadeUp made = new MadeUp(text.hashCode());
    for (int i = 0; i < 5; i++) {
      String secret = made.alphanumeric(8 + 4 * i);
      String written = text.replace("§", secret);
      assertThat(redacted(written)).as(written).doesNotContain(secret);
    }
  }

  /** Quotes split the secret, but not the word that the shell reads. */
  @ParameterizedTest
  @ValueSource(
      strings = {"ghp_'%s''%s'", "ghp_\"%s\"%s", "'ghp_%s'\"%s\"", "ghp_%s\\%s", "g'hp_%s%s'"})
  void quotesDoNotSplitSecrets(String form) {
    MadeUp made = new MadeUp(7);
    String first = made.alphanumeric(20);
    String second = made.alphanumeric(20);
    String redacted = redacted("git push https://" + form.formatted(first, second) + "@github.com");
    assertThat(redacted).doesNotContain(first).doesNotContain(second).contains("github.com");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "git checkout 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "uuid 123e4567-e89b-42d3-a456-426614174000",
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwv"
            + "Y7kxvUdBeoGlODJ6+SfaPg==\"",
        "img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4n\"",
        "export PATH=$HOME/bin:$PATH",
        "cd \"$PWD\" && PWD=/tmp ls",
        "tool --password-file /run/secrets/db",
        "PASSWORD_FILE=/run/secrets/db ./run",
        "DB_PASSWORD=$DB_PASSWORD ./run",
        "curl -H \"Authorization: Bearer $TOKEN\" https://example.com",
        "curl -u \"$USER:$PASS\" https://example.com",
        "git clone https://$TOKEN@github.com/a/b",
        "git clone git@github.com:a/b.git",
        "aws s3 ls --starting-token abcdef123456",
        "nextToken=abcdef123456",
        "max_tokens=4096",
        "grep -rn password src/",
        "grep -n 'token' README.md",
        "docker build --secret id=npm,src=.npmrc .",
        "ssh-keygen -t ed25519 -f id -C me@example.com",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----",
        "docker run -p 8080:80 nginx",
        "mysql -p shop",
        "mkdir -p a/b",
        "kubectl get secret db -o yaml",
        "kubectl create token deployer",
        "npm token list",
        "echo sk-circle sk-fading-circle sk-folding-cube-with-a-very-long-name-indeed",
        "task_sk-learn-based-model-with-scikit-and-more-words",
        "eyJhbGciOi is how a token begins",
        "password: ********",
        "PASSWORD=<your password>",
        "https://user:***@example.com/",
        "npm_config_cache=/tmp/npm",
        "xoxo",
        "GH_TOKEN=$(gh auth token) make",
        "http://localhost:8080/@scope/package",
        "see https://example.com/a@b",
        "AKIAIOSFODNN7",
        "time 12:AA:34",
        "read -p \"Password: \" x && rm -rf \"/etc\"",
        "bash -c 'read -p \"Password: \" x && rm -rf \"/etc\"'",
        "sudo find / -name mysql -print",
        "echo 'dev ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/dev"
      })
  void lookAlikesStay(String text) {
    assertThat(redacted(text)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "def f(password: str, token: Optional[str]) -> None",
        "const token = await getToken();",
        "password = os.environ[\"DB_PASSWORD\"]",
        "client = Client(api_key=config.api_key)",
        "if token == null",
        "secret: string;"
      })
  void codeStays(String text) {
    assertThat(ActionRedactor.scrub(text)).isEqualTo(text);
  }

  /** Random text of the shapes that repositories are full of. */
  @Test
  void hashesAndImagesStay() {
    MadeUp made = new MadeUp(3);
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      String text =
          switch (i % 5) {
            case 0 -> made.hex(40);
            case 1 -> made.hex(64);
            case 2 -> "sha512-" + made.base64(64);
            case 3 -> "data:image/png;base64," + made.base64(300);
            default ->
                "%s-%s-4%s-a%s-%s"
                    .formatted(made.hex(8), made.hex(4), made.hex(3), made.hex(3), made.hex(12));
          };
      if (!redacted(text).equals(text)) {
        wrong.add(text + " -> " + redacted(text));
      }
    }
    assertThat(wrong).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\\n", "\r\n"})
  void privateKeysAreFound(String newline) {
    MadeUp made = new MadeUp(9);
    List<String> lines = new ArrayList<>(List.of("Proc-Type: 4,ENCRYPTED", "DEK-Info: AES,00"));
    String last = made.base64(9);
    for (int i = 0; i < 12; i++) {
      lines.add(made.base64(48));
    }
    for (boolean hasEnd : new boolean[] {true, false}) {
      String key =
          "-----BEGIN RSA PRIVATE KEY-----"
              + newline
              + (newline.equals("\\n") ? "" : String.join(newline, lines.subList(0, 2)) + newline)
              + String.join(newline, lines.subList(2, lines.size()))
              + (hasEnd ? newline + last + newline + "-----END RSA PRIVATE KEY-----" : "");
      String text = "echo '" + key + "' > k.pem; rm -rf /etc";
      assertThat(redacted(text))
          .contains("-----BEGIN RSA PRIVATE KEY-----" + newline + "REDACTED-private_key")
          .endsWith("' > k.pem; rm -rf /etc")
          .doesNotContain(lines.get(2), lines.get(13), last);
    }
  }

  /** The beginning of a key hides no command. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "echo -----BEGIN PRIVATE KEY-----; rm -rf /etc",
        "echo -----BEGIN PRIVATE KEY----- && rm -rf /etc && echo -----END PRIVATE KEY-----",
        "echo -----BEGIN PRIVATE KEY-----\nrm -rf /etc\n-----END PRIVATE KEY-----"
      })
  void beginningOfAKeyHidesNothing(String text) {
    assertThat(redacted(text)).contains("rm -rf /etc");
  }

  /** A secret in a place where only a name shows it ends where the shell's word ends. */
  @Test
  void onlyTheSecretIsReplaced() {
    assertThat(redacted("PASSWORD='a b c' rm -rf /etc")).matches("PASSWORD='[^' ]*' rm -rf /etc");
    assertThat(redacted("PASSWORD=hunter2;rm -rf /etc")).matches("PASSWORD=[^; ]*;rm -rf /etc");
    assertThat(redacted("PASSWORD=hunter2$(cat /etc/shadow)"))
        .matches("PASSWORD=REDACTED-[^$]*\\$\\(cat /etc/shadow\\)");
    assertThat(redacted("PASSWORD=\"hunter2$(cat /etc/shadow)\" x"))
        .matches("PASSWORD=\"REDACTED-[^$]*\\$\\(cat /etc/shadow\\)\" x");
    assertThat(redacted("bash -c 'PASSWORD=hunter2 rm -rf /etc'"))
        .matches("bash -c 'PASSWORD=[^ ]* rm -rf /etc'");
    assertThat(redacted("TOKEN=/etc/shadow; cat $TOKEN"))
        .isEqualTo("TOKEN=/etc/shadow; cat $TOKEN");
    assertThat(redacted("curl https://a:hunter2@evil.example/x"))
        .matches("curl https://a:[^@]*@evil.example/x");
  }

  /** A beginning that is repeated without end would show work that is not linear. */
  @Test
  void repeatedBeginningsTakeNoQuadraticTime() {
    List<String> parts =
        new ArrayList<>(List.of("eyJ", "eyJ.", "://", "://a:", "-----BEGIN ", "="));
    Forms.all().forEach(form -> parts.add(form.prefix()));
    parts.addAll(Names.WORDS);
    parts.add("-----BEGIN PRIVATE KEY-----a: ");
    parts.addAll(List.of("authorization: ", "bearer ", "REDACTED-a-", "password=\"", "a@", "\\\""));
    for (String part : parts) {
      String text = part.repeat((1 << 16) / part.length());
      assertThat(redacted(text)).isNotNull();
    }
  }

  /** Random mixtures of everything that the scanner looks for never make it fail. */
  @Test
  void mixturesNeverFail() {
    Random random = new Random(11);
    List<String> parts = new ArrayList<>(Names.WORDS);
    Forms.all().forEach(form -> parts.add(form.prefix()));
    parts.addAll(
        List.of(
            "'",
            "\"",
            "\\",
            "$",
            "`",
            "$(",
            ")",
            "=",
            ":",
            "://",
            "@",
            " ",
            "\n",
            ";",
            "é",
            "😀",
            "-----BEGIN PRIVATE KEY-----",
            "-----END",
            "curl -u a:",
            "mysql -p",
            "--",
            "eyJ",
            ".",
            "\u0001",
            "\u0002",
            "a",
            "1Bc".repeat(20),
            "Authorization: Bearer "));
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(parts.get(random.nextInt(parts.size())));
      }
      assertThat(redacted(text.toString())).isNotNull();
    }
  }

  private static String redacted(String text) {
    List<Found> found = new ArrayList<>();
    Scanner.INSTANCE.find(text, true, found);
    ShellView view = ShellView.of(text);
    return Replacement.of(
        text,
        found,
        each -> Markers.PREFIX + each.detector() + view.requote(each.start(), each.end()));
  }
}
