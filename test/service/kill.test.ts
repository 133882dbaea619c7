import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestRelay, type TestRelay } from "../../src/testing/index.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

interface EmailReply {
  readonly id: string;
  readonly messageId: string;
  readonly state: string;
  readonly possibleDuplicate: boolean;
}

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

async function saveConfig(service: Service, relay: TestRelay): Promise<void> {
  const { status } = await service.call("POST", "/api/smtp-configs", {
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    fromEmail: "shop@example.com",
  });
  expect(status).toBe(201);
}

async function post(service: Service, subject: string): Promise<EmailReply> {
  const { status, body } = await service.call("POST", "/api/emails", {
    to: "jo@example.com",
    subject,
    text: "Hi",
  });
  expect(status).toBe(202);
  return body;
}

const messageIdOf = (content: Buffer) => /^Message-ID: (\S+)/im.exec(content.toString())?.[1];

describe("kill -9", () => {
  it("loses no accepted email, and marks each one that may come twice", { timeout: 120_000 }, async () => {
    // Each round the process dies while an email is at another place of the conversation: the lost
    // answer to the final dot among them.
    const places = ["mail", "rcpt", "data", "dot"] as const;
    let round = 0;
    let passed = 0;
    let kill: (() => void) | undefined;
    const at = (place: (typeof places)[number]): undefined => {
      if (place === places[round % places.length] && ++passed === 4) kill?.();
    };
    await using relay = await startTestRelay({
      onMail: () => at("mail"),
      onRcpt: () => at("rcpt"),
      onData: () => at("data"),
      onDot: () => at("dot"),
    });

    const accepted: EmailReply[] = [];
    let service = await folder.start();
    await saveConfig(service, relay);
    for (; round < places.length; round++) {
      passed = 0;
      const dying = service;
      const died = new Promise<void>((resolve) => {
        kill = () => {
          kill = undefined;
          void dying.end("SIGKILL").then(resolve);
        };
      });
      for (let index = 0; index < 8; index++) {
        // A post that gets no answer was not accepted: the application knows that it must try again.
        const reply = await post(service, `round ${round}, email ${index}`).catch(() => null);
        if (reply !== null) accepted.push(reply);
      }
      await died;
      service = await folder.start();
    }

    const arrived = () => new Set(relay.messages.map(({ content }) => messageIdOf(content)));
    for (const { id, messageId } of accepted) {
      let email: EmailReply;
      do {
        email = (await service.call("GET", `/api/emails/${id}`)).body;
      } while (email.state !== "sent");
      expect(arrived()).toContain(messageId);
      const copies = relay.messages.filter(({ content }) => messageIdOf(content) === messageId).length;
      if (copies > 1) expect(email.possibleDuplicate).toBe(true);
    }
    expect(accepted.length).toBeGreaterThan(places.length);
    await service.end("SIGTERM");
  });
});
