import { jaasQuoted } from "./properties";

/** All values of one node that its settings depend on. */
export interface NodePlan {
  id: number;
  /** True for the node that is also the controller. */
  controller: boolean;
  /** Port of the listener for clients and other brokers. */
  port: number;
  controllerPort: number;
  /** Ports of two more listeners that require no login. */
  openPorts?: { plain: number; tls: number };
  /** Port of one more listener, where clients log in with a certificate of the CA in `clients-ca.pem`. */
  mutualTlsPort?: number;
  rack?: string;
  /** Folder for data, keys and log. */
  folder: string;
}

export interface ClusterPlan {
  brokers: number;
  admin: { username: string; password: string };
  brokerConfig: Readonly<Record<string, string>>;
  /** True if the JVM compiles with its first compiler only. */
  quickStart: boolean;
}

/** Common name of the nodes' certificates. The controller listener identifies nodes by this name. */
export const nodeName = "sandbox-node";

/**
 * A node must not be restarted before its first snapshot of the metadata. Kafka 4.3.1 forgets every SCRAM
 * credential, the administrator's too, when it reads the log from its beginning and a removed user comes first in its
 * hash table (ScramDelta.apply drops the mechanism as soon as its list is empty, and goes on to fill the dropped list).
 * With a snapshot the list is never empty, because it holds the administrator.
 */
export const snapshotIntervalMs = 5_000;

/**
 * Only Java's second compiler uses the processor's AES instructions. Without it, AES takes four times the processor
 * time of ChaCha20: 20 ms for each MB, on each end of each connection. AES comes after it, for clients without
 * ChaCha20.
 */
const cipherSuites = [
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
].join(",");

/** The server.properties of one node. */
export function nodeSettings(cluster: ClusterPlan, node: NodePlan): Record<string, string> {
  const replicas = String(Math.min(3, cluster.brokers));
  const minInSync = String(cluster.brokers >= 3 ? 2 : 1);
  const { openPorts: open, mutualTlsPort } = node;
  const listener = [
    `SASL_SSL://127.0.0.1:${node.port}`,
    ...(open === undefined ? [] : [`OPEN://127.0.0.1:${open.plain}`, `OPEN_TLS://127.0.0.1:${open.tls}`]),
    ...(mutualTlsPort === undefined ? [] : [`MUTUAL_TLS://127.0.0.1:${mutualTlsPort}`]),
  ].join(",");
  return {
    "process.roles": node.controller ? "broker,controller" : "broker",
    "node.id": String(node.id),
    "controller.quorum.voters": `1@127.0.0.1:${node.controllerPort}`,
    listeners: node.controller ? `${listener},CONTROLLER://127.0.0.1:${node.controllerPort}` : listener,
    "advertised.listeners": listener,
    "inter.broker.listener.name": "SASL_SSL",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "SASL_SSL:SASL_SSL,OPEN:PLAINTEXT,OPEN_TLS:SSL,MUTUAL_TLS:SSL,CONTROLLER:SSL",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required " +
      `username=${jaasQuoted(cluster.admin.username)} password=${jaasQuoted(cluster.admin.password)};`,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": `${node.folder}/node.pem`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": `${node.folder}/ca.pem`,
    // Nodes authenticate on the controller listener by certificate, so no one else on this machine can connect there.
    "listener.name.controller.ssl.client.auth": "required",
    ...(mutualTlsPort === undefined
      ? {}
      : {
          "listener.name.mutual_tls.ssl.client.auth": "required",
          "listener.name.mutual_tls.ssl.truststore.location": `${node.folder}/clients-ca.pem`,
        }),
    // With an authorizer, clients without a login would have no rights.
    ...(open === undefined ? authorizer(cluster.admin.username) : {}),
    "log.dirs": `${node.folder}/data`,
    ...(node.rack === undefined ? {} : { "broker.rack": node.rack }),
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "12",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": minInSync,
    "transaction.state.log.num.partitions": "6",
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": minInSync,
    "group.initial.rebalance.delay.ms": "0",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "metadata.log.max.snapshot.interval.ms": String(snapshotIntervalMs),
    // The controller writes an empty record when nothing happens, by default twice a second. All brokers read each one.
    "metadata.max.idle.interval.ms": String(snapshotIntervalMs / 2),
    ...(cluster.quickStart ? { "ssl.cipher.suites": cipherSuites } : {}),
    ...cluster.brokerConfig,
  };
}

const authorizer = (admin: string): Record<string, string> => ({
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": `User:${admin};User:CN=${nodeName}`,
});
