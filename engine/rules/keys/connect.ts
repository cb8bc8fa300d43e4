/**
 * Every key that a worker, a MirrorMaker 2 connector or a client reads, from the `ConfigDef`s of Kafka 2.7 to 4.3.
 * `test/policies/keys.test.ts` compares the list with the real jars. Each line has one key: name, type, `=default`,
 * allowed values (`0..9`, `a|b`, `~a|b` in any case, `a@-2.8` up to that version), `@since-until` (first and last
 * version; without it: all versions). The types `factor` and `partitions` are -1 or at least 1.
 */

export const MIRROR = `
add.source.alias.to.metrics boolean =false @3.5-3.9
admin.timeout.ms long =60000
auto.include.jmx.reporter boolean =true @3.4-3.9
config.providers list
enabled boolean =true
forwarding.admin.class class @3.4-
metric.reporters list
replication.policy.class class
replication.policy.internal.topic.separator.enabled boolean =true @3.6-
replication.policy.separator string
source.cluster.alias string
target.cluster.alias string
use.incremental.alter.configs string requested|required|never @3.5-3.9`;

export const SOURCE = `
config.properties.blacklist list @-3.9
config.properties.exclude list
config.property.filter.class class
emit.offset-syncs.enabled boolean =true @3.9-
heartbeats.replication.enabled boolean =true @4.0-
offset-syncs.topic.replication.factor factor =3
offset.lag.max long =100
refresh.topics.enabled boolean =true
refresh.topics.interval.seconds long =600
replication.factor factor =2
sync.topic.acls.enabled boolean =true
sync.topic.acls.interval.seconds long =600
sync.topic.configs.enabled boolean =true
sync.topic.configs.interval.seconds long =600
use.defaults.from string @3.5-`;

export const CHECKPOINT = `
checkpoints.topic.replication.factor factor =3
emit.checkpoints.enabled boolean =true
emit.checkpoints.interval.seconds long =60
group.filter.class class
groups list
groups.blacklist list @-3.9
groups.exclude list
refresh.groups.enabled boolean =true
refresh.groups.interval.seconds long =600
sync.group.offsets.enabled boolean =false
sync.group.offsets.interval.seconds long =60`;

export const SOURCE_AND_CHECKPOINT = `
consumer.poll.timeout.ms long =1000
metric.names.formats list legacy|new @4.3-
offset-syncs.topic.location string source|target @3.0-
topic.filter.class class
topics list
topics.blacklist list @-3.9
topics.exclude list`;

export const HEARTBEAT = `
emit.heartbeats.enabled boolean =true
emit.heartbeats.interval.seconds long =1
heartbeats.topic.replication.factor factor =3`;

export const CONNECTOR = `
config.action.reload string none|restart
connector.class string
connector.plugin.version string @4.1-
errors.log.enable boolean =false
errors.log.include.messages boolean =false
errors.retry.delay.max.ms long =60000
errors.retry.timeout long =0
errors.tolerance string none|all
exactly.once.support string ~REQUIRED|REQUESTED @3.3-
header.converter class
header.converter.plugin.version string @4.1-
key.converter class
key.converter.plugin.version string @4.1-
name string
offsets.storage.topic string @3.3-
predicates list
tasks.max int =1 1..
tasks.max.enforce boolean =true @3.8-
topic.creation.groups list
transaction.boundary string ~INTERVAL|POLL|CONNECTOR @3.3-
transaction.boundary.interval.ms long 0.. @3.3-
transforms list
value.converter class
value.converter.plugin.version string @4.1-`;

export const WORKER = `
access.control.allow.methods string
access.control.allow.origin string
admin.listeners list
auto.include.jmx.reporter boolean =true @3.4-3.9
bootstrap.servers list
client.dns.lookup string use_all_dns_ips|resolve_canonical_bootstrap_servers_only|default@-2.8
client.id string
config.providers list
config.storage.replication.factor factor =3
config.storage.topic string
connect.protocol string ~eager|compatible|sessioned
connections.max.idle.ms long =540000
connector.client.config.override.policy string
exactly.once.source.support string ~DISABLED|ENABLED|PREPARING @3.3-
group.id string
header.converter class
header.converter.plugin.version string @4.1-
heartbeat.interval.ms int =3000
inter.worker.key.generation.algorithm string
inter.worker.key.size int
inter.worker.key.ttl.ms int =3600000 0..2147483647
inter.worker.signature.algorithm string
inter.worker.verification.algorithms list
internal.key.converter class @-2.8
internal.value.converter class @-2.8
key.converter class
key.converter.plugin.version string @4.1-
listeners list
metadata.max.age.ms long =300000 0..
metadata.recovery.rebootstrap.trigger.ms long =300000 0.. @4.0-
metadata.recovery.strategy string ~REBOOTSTRAP|NONE @3.8-
metric.reporters list
metrics.num.samples int =2 1..
metrics.recording.level string INFO|DEBUG
metrics.sample.window.ms long =30000 0..
offset.flush.interval.ms long =60000
offset.flush.timeout.ms long =5000
offset.storage.partitions partitions =25
offset.storage.replication.factor factor =3
offset.storage.topic string
plugin.discovery string ~ONLY_SCAN|SERVICE_LOAD|HYBRID_WARN|HYBRID_FAIL @3.6-
plugin.path list
rebalance.timeout.ms int =60000
receive.buffer.bytes int =32768 -1..
reconnect.backoff.max.ms long =1000 0..
reconnect.backoff.ms long =50 0..
request.timeout.ms int =40000 0..
response.http.headers.config string
rest.advertised.host.name string
rest.advertised.listener string
rest.advertised.port int
rest.extension.classes list
rest.host.name string @-2.8
rest.port int =8083 @-2.8
retry.backoff.max.ms long =1000 0.. @3.7-
retry.backoff.ms long =100 0..
scheduled.rebalance.max.delay.ms int =300000 0..2147483647
send.buffer.bytes int =131072 -1..
session.timeout.ms int =10000
socket.connection.setup.timeout.max.ms long =30000 0..
socket.connection.setup.timeout.ms long =10000 0..
status.storage.partitions partitions =5
status.storage.replication.factor factor =3
status.storage.topic string
task.shutdown.graceful.timeout.ms long =5000
topic.creation.enable boolean =true
topic.tracking.allow.reset boolean =true
topic.tracking.enable boolean =true
value.converter class
value.converter.plugin.version string @4.1-
worker.sync.timeout.ms int =3000
worker.unsync.backoff.ms int =300000`;
