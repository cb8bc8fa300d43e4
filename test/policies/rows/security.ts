import { pair, secret, source, type Row } from "./row";

export const securityRows: Row[] = [
  ...(
    [
      ["origin-kafka-bootstrap", "has no port"],
      ["a:9093,b:70000", "has port 70000, which is not from 1 to 65535"],
      ["a:9093;b:9093", "is not one address"],
      ["a:9093,", "has an empty address"],
      ["a:kafka", 'has "kafka" as its port'],
    ] as const
  ).map(
    ([servers, says]): Row => ({
      rule: "address-refused",
      // Kafka takes an empty address before 4.2.
      trips: { version: "4.2.0", change: (parts) => (pair(parts).source.bootstrapServers = servers) },
      passes: {
        change: (parts) => {
          pair(parts).source.bootstrapServers = " a.example.com:9093, [::1]:9093,SASL_SSL://b_1:9093";
          parts.mirror.spec.target.bootstrapServers = "${env:TARGET}";
        },
      },
      says,
    }),
  ),
  {
    rule: "login-missing",
    trips: { mirror: { origin: { authentication: false }, target: { authentication: false } } as never },
    passes: {},
    says: "the mirror does not log in on the origin and the target",
  },
  {
    rule: "plain-text-secret",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["schema.registry.password"] = "hunter2") },
    passes: {
      change: ({ mirror }) =>
        (mirror.spec.target.config["schema.registry.password"] = "${secrets:migration/registry:password}"),
    },
    says: "spec.target.config.schema.registry.password contains a secret in plain text",
  },
  {
    rule: "plain-text-secret",
    trips: {
      change: (parts) => (source(parts)["consumer.sasl.jaas.config"] = 'x required username="a" password="hunter2";'),
    },
    passes: {
      change: (parts) =>
        (source(parts)["consumer.sasl.jaas.config"] = 'x required username="a" password="${secrets:a/b:c}";'),
    },
    says: "consumer.sasl.jaas.config contains a secret",
  },
  ...(
    [
      [
        "template env",
        (m) => (m.spec.template = { connectContainer: { env: [{ name: "DB_PASSWORD", value: "hunter2" }] } }),
        (m) => (m.spec.template = { connectContainer: { env: [{ name: "DB_HOST", value: "db" }] } }),
      ],
      [
        "Java's properties",
        (m) => (m.spec.jvmOptions = { javaSystemProperties: [{ name: "x.secret", value: "hunter2" }] }),
        (m) => (m.spec.jvmOptions = { javaSystemProperties: [{ name: "x.y", value: "z" }] }),
      ],
      [
        "a private key",
        (m) => (m.spec.target.config["producer.x"] = "-----BEGIN RSA PRIVATE KEY-----\n"),
        (m) => (m.spec.target.config["producer.x"] = "-----BEGIN CERTIFICATE-----\n"),
      ],
      [
        "a key store's key",
        (m) => (m.spec.target.config["producer.ssl.keystore.key"] = "hunter2"),
        (m) => (m.spec.target.config["producer.ssl.keystore.key"] = "${secrets:a/b:c}"),
      ],
      [
        "a token",
        (m) => (m.spec.target.config["x"] = "-Dregistry.token=hunter2"),
        (m) => (m.spec.target.config["x"] = "-Dregistry.token=${secrets:a/b:c}"),
      ],
      [
        "an address",
        (m) => (m.spec.target.config["x.url"] = "https://me:hunter2@registry/"),
        (m) => (m.spec.target.config["x.url"] = "https://registry:8081/a@b"),
      ],
      [
        "a key with a long name",
        (m) => (m.spec.target.config["x.trustStorePassword"] = "hunter2"),
        (m) => (m.spec.target.config["x.generatePassword"] = "true"),
      ],
      [
        "an access token",
        (m) => (m.spec.target.authentication = { type: "oauth", accessToken: "hunter2" }),
        (m) => (m.spec.target.authentication = { type: "oauth", accessToken: { secretName: "a", key: "token" } }),
      ],
      [
        "a cloud's key",
        (m) => (m.spec.template = { connectContainer: { env: [{ name: "AWS_SECRET_ACCESS_KEY", value: "hunter2" }] } }),
        (m) =>
          (m.spec.template = {
            connectContainer: { env: [{ name: "AWS_SECRET_ACCESS_KEY", value: "$(FROM_ELSEWHERE)" }] },
          }),
      ],
      [
        "a signed token",
        (m) => (m.spec.target.config["x"] = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"),
        (m) => (m.spec.target.config["x"] = "eyJhbGciOiJIUzI1NiJ9"),
      ],
      [
        "single quotes",
        (m) => (m.spec.target.config["x"] = "a required password='hunter2';"),
        (m) => (m.spec.target.config["x"] = "a required password='${secrets:a/b:c}' useToken=true;"),
      ],
      [
        "what only sounds so",
        (m) => (m.spec.template = { pod: { secret: "hunter2" } }),
        (m) =>
          (m.spec.template = {
            pod: { automountServiceAccountToken: false, imagePullSecrets: [{ name: "registry-password" }] },
          }),
      ],
      [
        "a checksum of a Secret",
        (m) => (m.spec.template = { pod: { metadata: { annotations: { "x/password": "hunter2" } } } }),
        (m) =>
          (m.spec.template = {
            pod: { metadata: { annotations: { "checksum/secret": "0a1b", "x/auth-token": "name" } } },
          }),
      ],
      [
        "loggers",
        (m) => (m.spec.logging = { loggers: { a: "password=hunter2" } }),
        (m) => (m.spec.logging = { loggers: { "logger.token": "INFO" } }),
      ],
      [
        "annotations",
        (m) => (m.metadata.annotations = { "x/password": "a", password: "hunter2" }),
        (m) => (m.metadata.annotations = { "x/y": "z" }),
      ],
    ] as [string, (mirror: any) => unknown, (mirror: any) => unknown][]
  ).map(
    ([, bad, good]): Row => ({
      rule: "plain-text-secret",
      trips: { change: ({ mirror }) => void bad(mirror) },
      passes: { change: ({ mirror }) => void good(mirror) },
      says: "contains a secret in plain text",
    }),
  ),
  {
    rule: "tls-insecure",
    trips: { change: (parts) => (source(parts)["source.cluster.ssl.endpoint.identification.algorithm"] = "") },
    passes: { change: (parts) => (source(parts)["source.cluster.ssl.endpoint.identification.algorithm"] = "HTTPS") },
    says: 'ssl.endpoint.identification.algorithm is ""',
  },
  {
    rule: "tls-insecure",
    trips: { more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: { skipTlsVerify: "true" } }] },
    passes: { more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: { tlsEnabled: "true" } }] },
    says: "skipTlsVerify",
  },
  {
    rule: "tls-insecure",
    trips: { change: (parts) => (source(parts)["source.cluster.security.protocol"] = "SASL_PLAINTEXT") },
    passes: { change: (parts) => (source(parts)["source.cluster.security.protocol"] = "SASL_SSL") },
    says: "sourceConnector.config source.cluster.security.protocol is SASL_PLAINTEXT",
  },
  {
    rule: "tls-insecure",
    trips: { change: (parts) => (source(parts)["producer.override.security.protocol"] = "PLAINTEXT") },
    // Where there is no TLS nothing is taken away.
    passes: {
      change: (parts) => {
        delete parts.mirror.spec.target.tls;
        source(parts)["producer.override.security.protocol"] = "SASL_PLAINTEXT";
      },
    },
    says: "producer.override.security.protocol is PLAINTEXT",
  },
  {
    rule: "tls-insecure",
    trips: {
      more: [
        {
          type: "pulumi:providers:kafka",
          name: "p",
          urn: "p",
          props: { tlsEnabled: "false", saslMechanism: "oauthbearer" },
        },
      ],
    },
    passes: {
      more: [
        {
          type: "pulumi:providers:kafka",
          name: "p",
          urn: "p",
          props: { tlsEnabled: "false", saslMechanism: "scram-sha512" },
        },
      ],
    },
    says: "a Kafka provider with SASL OAUTHBEARER and without TLS",
  },
  {
    // Each of two mirrors names its part.
    rule: "secret-copy-wide",
    trips: { more: [secret({ "ca.crt": "a", "other.crt": "b" })] },
    passes: {
      change: ({ mirror }) =>
        mirror.spec.mirrors.push({
          source: {
            alias: "other",
            bootstrapServers: "x:1",
            tls: { trustedCertificates: [{ secretName: "origin-cluster-ca-cert", certificate: "other.crt" }] },
          },
        }),
      more: [secret({ "ca.crt": "a", "other.crt": "b" })],
    },
    says: "has other.crt in addition to ca.crt",
  },
  {
    rule: "tls-missing",
    trips: {
      more: [
        {
          type: "pulumi:providers:kafka",
          name: "p",
          urn: "p",
          props: { tlsEnabled: "false", saslMechanism: "scram-sha512" },
        },
      ],
    },
    passes: {
      more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: { saslMechanism: "scram-sha512" } }],
    },
    says: "a Kafka provider without TLS",
  },
  {
    rule: "tls-without-ca",
    trips: { more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: {} }] },
    passes: {
      more: [
        { type: "pulumi:providers:kafka", name: "p", urn: "p", props: { caCert: "a" } },
        { type: "pulumi:providers:kafka", name: "p", urn: "p", props: { tlsEnabled: false } },
      ],
    },
    says: "a Kafka provider without caCert",
  },
  {
    rule: "tls-insecure",
    trips: { change: ({ mirror }) => (mirror.spec.target.authentication.disableTlsHostnameVerification = true) },
    passes: { change: ({ mirror }) => (mirror.spec.target.authentication.disableTlsHostnameVerification = false) },
    says: "spec.target.authentication.disableTlsHostnameVerification is true",
  },
  {
    rule: "tls-missing",
    trips: { change: ({ mirror }) => delete mirror.spec.target.tls },
    passes: {},
    says: "the target has no tls",
  },
  {
    rule: "tls-without-ca",
    trips: { change: ({ mirror }) => (mirror.spec.target.tls.trustedCertificates = []) },
    passes: {},
    says: "the target has tls without a trusted certificate",
  },
  {
    rule: "secret-copy-wide",
    trips: { more: [secret({ "ca.crt": "a", "ca.password": "b" })] },
    passes: { more: [secret({ "ca.crt": "a" }), secret({ "ca.crt": "a", "ca.password": "b" }, "origin-ns")] },
    says: "has ca.password in addition to ca.crt",
  },
];
