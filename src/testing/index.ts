/**
 * `sendwright/testing`: parts for the tests of an application that sends email, and for our own.
 * They need no network beyond 127.0.0.1, no files and no fixed ports.
 */
export {
  type CertificateAuthority,
  type CertificatePair,
  type CertificateRequest,
  makeAuthority,
} from "./certificates.ts";
export { createFixedClock, type FixedClock } from "./fixed-clock.ts";
export { ConnectionCut, type Peer, type ServerTls } from "./peer.ts";
export {
  type RelayedMessage,
  type RelayOptions,
  type ReplyOverride,
  relayScript,
  usualEhlo,
} from "./relay-script.ts";
export {
  type Script,
  type ScriptedConnection,
  type ScriptedServer,
  type ScriptedServerOptions,
  type ScriptOutcome,
  startScriptedServer,
} from "./scripted-server.ts";
export { startTestRelay, type TestRelay } from "./test-relay.ts";
