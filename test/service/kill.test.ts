import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Email } from "../../src/http/schema/emails.ts";
import { startTestRelay } from "../../src/testing/index.ts";
import { emailOnce, postEmail, saveConfig } from "./calls.ts";
import { makeServiceFolder, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

const messageIdOf = (content: Buffer) => /^Message-ID: (\S+)/im.exec(content.toString())?.[1];

describe("kill -9", () => {
  it("loses no accepted email, and marks each one that may come twice", { timeout: 300_000 }, async () => {
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

    const accepted: Email[] = [];
    let service = await folder.start();
    await saveConfig(service, relay);
    for (; round < places.length; round++) {
      passed = 0;
      const dying = service;
      const died = new Promise<void>((resolve) => {
        kill = () => {
          kill = undefined;
          void dying.end("SIGKILL").then(() => resolve());
        };
      });
      for (let index = 0; index < 8; index++) {
        // A post that gets no answer was not accepted: the application knows that it must try again.
        const reply = await postEmail(service, { subject: `round ${round}, email ${index}` }).catch(
          () => null,
        );
        if (reply !== null) accepted.push(reply);
      }
      await died;
      service = await folder.start();
    }

    const arrived = () => new Set(relay.messages.map(({ content }) => messageIdOf(content)));
    for (const { id, messageId } of accepted) {
      const email = await emailOnce(service, id, ({ state }) => state === "sent");
      expect(arrived()).toContain(messageId);
      const copies = relay.messages.filter(({ content }) => messageIdOf(content) === messageId).length;
      if (copies > 1) expect(email.possibleDuplicate).toBe(true);
    }
    expect(accepted.length).toBeGreaterThan(places.length);
    await service.end("SIGTERM");
  });
});
