import { expect } from "vitest";
import type { Problem } from "../../src/http/schema/common.ts";
import type { Email } from "../../src/http/schema/emails.ts";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import type { Service } from "./service.ts";

/** What a relay's place takes: a TestRelay, a ScriptedServer. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/** A relay without TLS; sign-in, where asked for, goes in the clear. */
export function settingsFor(relay: Place, settings: object = {}) {
  return {
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    allowCleartextAuth: true,
    fromEmail: "shop@example.com",
    ...settings,
  };
}

export async function saveConfig(service: Service, relay: Place, settings?: object): Promise<SmtpConfig> {
  const reply = await service.call<SmtpConfig>("POST", "/api/smtp-configs", settingsFor(relay, settings));
  expect(reply).toMatchObject({ status: 201 });
  return reply.body;
}

export async function getConfig(service: Service, id: string): Promise<SmtpConfig> {
  return (await service.call<SmtpConfig>("GET", `/api/smtp-configs/${id}`)).body;
}

export async function postEmail(service: Service, email: object = {}): Promise<Email> {
  const reply = await service.call<Email>("POST", "/api/emails", {
    to: "jo@example.com",
    subject: "Hello",
    text: "Hello Jo",
    ...email,
  });
  expect(reply).toMatchObject({ status: 202 });
  return reply.body;
}

/** Asks for the email until it is as expected; the test's own time limit ends a wait in vain. */
export async function emailOnce(
  service: Service,
  id: string,
  expected: (email: Email) => boolean,
): Promise<Email> {
  for (;;) {
    const { body } = await service.call<Email>("GET", `/api/emails/${id}`);
    if (expected(body)) return body;
  }
}

/** The status and the code of a refusal, to be compared with `toEqual`. */
export async function refusal(
  service: Service,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; code: string }> {
  const reply = await service.call<Problem>(method, path, body);
  return { status: reply.status, code: reply.body.code };
}
