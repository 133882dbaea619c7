import { newId } from "../../src/core/id.ts";
import type { Settlement } from "../../src/store/tables/email-settlements.ts";

/** What is written of an email with one recipient that was accepted at that time; a test names what is different. */
export function sentAt(at: number, overrides: Partial<Settlement> = {}): Settlement {
  return {
    state: "sent",
    nextAttemptAt: null,
    attemptCount: 1,
    possibleDuplicate: false,
    captured: false,
    sentAt: at,
    finishedAt: at,
    released: null,
    refusedBy: [],
    recipients: [{ position: 0, state: "sent", code: 250, enhancedCode: "2.0.0", reply: "ok" }],
    attempt: {
      id: newId(at),
      at,
      configId: "config-1",
      configName: "relay",
      relayHost: "relay.example",
      relayAddress: "192.0.2.1",
      tlsVersion: "TLSv1.3",
      stage: "message",
      outcome: "sent",
      errorCode: null,
      code: 250,
      enhancedCode: "2.0.0",
      reply: "ok",
      durationMs: 5,
      possibleDuplicate: false,
      captured: false,
      failure: null,
      route: null,
    },
    ...overrides,
  };
}
