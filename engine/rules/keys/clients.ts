/**
 * Keys of Kafka's clients, in the notation of `connect.ts`. `CLIENT`: keys of all three clients. `SECURITY`: keys of
 * all clients and of the worker.
 */

export const SECURITY = `
sasl.client.callback.handler.class class
sasl.jaas.config password
sasl.kerberos.kinit.cmd string
sasl.kerberos.min.time.before.relogin long =60000
sasl.kerberos.service.name string
sasl.kerberos.ticket.renew.jitter double =0.05
sasl.kerberos.ticket.renew.window.factor double =0.8
sasl.login.callback.handler.class class
sasl.login.class class
sasl.login.connect.timeout.ms int @3.1-
sasl.login.read.timeout.ms int @3.1-
sasl.login.refresh.buffer.seconds short =300 0..3600
sasl.login.refresh.min.period.seconds short =60 0..900
sasl.login.refresh.window.factor double =0.8 0.5..1.0
sasl.login.refresh.window.jitter double =0.05 0.0..0.25
sasl.login.retry.backoff.max.ms long =10000 @3.1-
sasl.login.retry.backoff.ms long =100 @3.1-
sasl.mechanism string
sasl.oauthbearer.assertion.algorithm string ~ES256|RS256 @4.1-
sasl.oauthbearer.assertion.claim.aud string @4.1-
sasl.oauthbearer.assertion.claim.exp.seconds int =300 0..86400 @4.1-
sasl.oauthbearer.assertion.claim.iss string @4.1-
sasl.oauthbearer.assertion.claim.jti.include boolean =false @4.1-
sasl.oauthbearer.assertion.claim.nbf.seconds int =60 0..3600 @4.1-
sasl.oauthbearer.assertion.claim.sub string @4.1-
sasl.oauthbearer.assertion.file string @4.1-
sasl.oauthbearer.assertion.private.key.file string @4.1-
sasl.oauthbearer.assertion.private.key.passphrase password @4.1-
sasl.oauthbearer.assertion.template.file string @4.1-
sasl.oauthbearer.client.credentials.client.id string @4.1-
sasl.oauthbearer.client.credentials.client.secret password @4.1-
sasl.oauthbearer.clock.skew.seconds int =30 @3.1-
sasl.oauthbearer.expected.audience list @3.1-
sasl.oauthbearer.expected.issuer string @3.1-
sasl.oauthbearer.header.urlencode boolean =false @3.9-
sasl.oauthbearer.jwks.endpoint.refresh.ms long =3600000 @3.1-
sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms long =10000 @3.1-
sasl.oauthbearer.jwks.endpoint.retry.backoff.ms long =100 @3.1-
sasl.oauthbearer.jwks.endpoint.url string @3.1-
sasl.oauthbearer.jwt.retriever.class class @4.1-
sasl.oauthbearer.jwt.validator.class class @4.1-
sasl.oauthbearer.scope string @4.1-
sasl.oauthbearer.scope.claim.name string @3.1-
sasl.oauthbearer.sub.claim.name string @3.1-
sasl.oauthbearer.token.endpoint.url string @3.1-
security.protocol string ~SASL_SSL|PLAINTEXT|SSL|SASL_PLAINTEXT
ssl.cipher.suites list
ssl.client.auth string required|requested|none
ssl.enabled.protocols list
ssl.endpoint.identification.algorithm string
ssl.engine.factory.class class
ssl.key.password password
ssl.keymanager.algorithm string
ssl.keystore.certificate.chain password
ssl.keystore.key password
ssl.keystore.location string
ssl.keystore.password password
ssl.keystore.type string
ssl.protocol string
ssl.provider string
ssl.secure.random.implementation string
ssl.trustmanager.algorithm string
ssl.truststore.certificates password
ssl.truststore.location string
ssl.truststore.password password
ssl.truststore.type string`;

export const CLIENT = `
auto.include.jmx.reporter boolean =true @3.4-3.9
bootstrap.servers list
client.dns.lookup string use_all_dns_ips|resolve_canonical_bootstrap_servers_only|default@-2.8
client.id string
config.providers list
metadata.max.age.ms long =300000 0..
metadata.recovery.rebootstrap.trigger.ms long =300000 0.. @4.0-
metadata.recovery.strategy string ~REBOOTSTRAP|NONE @3.8-
metric.reporters list
metrics.num.samples int =2 1..
metrics.recording.level string INFO|DEBUG|TRACE
metrics.sample.window.ms long =30000 0..
reconnect.backoff.max.ms long =1000 0..
reconnect.backoff.ms long =50 0..
request.timeout.ms int =30000 0..
retry.backoff.max.ms long =1000 0.. @3.7-
retry.backoff.ms long =100 0..
security.providers string
send.buffer.bytes int =131072 -1..
socket.connection.setup.timeout.max.ms long =30000
socket.connection.setup.timeout.ms long =10000`;

export const PRODUCER = `
acks string all|-1|0|1
batch.size int =16384 0..
buffer.memory long =33554432 0..
compression.gzip.level int =-1 -1|1|2|3|4|5|6|7|8|9 @3.8-
compression.lz4.level int =9 1..17 @3.8-
compression.type string none|gzip|snappy|lz4|zstd
compression.zstd.level int =3 -131072..22 @3.8-
connections.max.idle.ms long =540000
delivery.timeout.ms int =120000 0..
enable.idempotence boolean =true
enable.metrics.push boolean =true @3.7-
interceptor.classes list
internal.auto.downgrade.txn.commit boolean =false @-2.8
key.serializer class
linger.ms long =5 0..
max.block.ms long =60000 0..
max.in.flight.requests.per.connection int =5 1..
max.request.size int =1048576 0..
metadata.max.idle.ms long =300000 5000..
partitioner.adaptive.partitioning.enable boolean =true @3.3-
partitioner.availability.timeout.ms long =0 0.. @3.3-
partitioner.class class
partitioner.ignore.keys boolean =false @3.3-
receive.buffer.bytes int =32768 -1..
retries int =2147483647 0..2147483647
transaction.timeout.ms int =60000
transaction.two.phase.commit.enable boolean =false @4.1-
transactional.id string
value.serializer class`;

export const CONSUMER = `
allow.auto.create.topics boolean =true
auto.commit.interval.ms int =5000 0..
auto.offset.reset string
check.crcs boolean =true
client.rack string
connections.max.idle.ms long =540000
default.api.timeout.ms int =60000 0..
enable.auto.commit boolean =true
enable.metrics.push boolean =true @3.7-
exclude.internal.topics boolean =true
fetch.max.bytes int =52428800 0..
fetch.max.wait.ms int =500 0..
fetch.min.bytes int =1 0..
group.id string
group.instance.id string
group.protocol string ~CONSUMER|CLASSIC @3.7-
group.remote.assignor string @3.7-
heartbeat.interval.ms int =3000
interceptor.classes list
internal.leave.group.on.close boolean =true @-4.1
internal.throw.on.fetch.stable.offset.unsupported boolean =false
isolation.level string read_committed|read_uncommitted
key.deserializer class
max.partition.fetch.bytes int =1048576 0..
max.poll.interval.ms int =300000 1..
max.poll.records int =500 1..
partition.assignment.strategy list
receive.buffer.bytes int =65536 -1..
session.timeout.ms int =45000
share.acknowledgement.mode string implicit|explicit @4.1-
share.acquire.mode string batch_optimized|record_limit @4.2-
value.deserializer class`;

export const ADMIN = `
bootstrap.controllers list @3.7-
connections.max.idle.ms long =300000
default.api.timeout.ms int =60000 0..
enable.metrics.push boolean =false @3.7-
receive.buffer.bytes int =65536 -1..
retries int =2147483647 0..2147483647`;
