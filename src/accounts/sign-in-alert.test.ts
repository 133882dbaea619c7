import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type TestApp } from "../../test/support/open-app.ts";
import { SignIn } from "./sign-in.ts";

const ada = { email: "ada@example.com", password: "a long sentence" };
const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const newerFirefox = firefox.replaceAll("140.0", "141.0");
const safari =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

let opened: TestApp;
let signIn: SignIn;

beforeEach(async () => {
  opened = await openApp({ sandboxPort: 0 });
  const { services } = opened;
  const secret = services.secrets.sessionSecret();
  const linkBase = () => "https://mail.example.com/";
  signIn = new SignIn({ ...services, secret, publicUrl: null, linkBase });
  await signIn.createAdmin(ada);
});
afterEach(() => opened.close());

async function saveConfig(change: object = {}): Promise<void> {
  const config = {
    smtpServer: "127.0.0.1",
    smtpPort: opened.services.sandbox?.port,
    useTls: false,
    fromEmail: "mail@example.com",
    ...change,
  };
  const response = await opened.call("POST", "/api/smtp-configs", config);
  if (!response.ok) throw new Error(await response.text());
}

async function enter(userAgent: string): Promise<void> {
  await signIn.signIn(ada, { address: "192.0.2.1", userAgent, acceptLanguage: "ja" });
  await signIn.drain();
}

const alerts = async () => (await opened.services.outbox.list({ limit: 50 })).items;

describe("a sign-in from a new device", () => {
  it("is told to the admin, once for each kind of device", async () => {
    await saveConfig();
    await enter(firefox);
    await enter(newerFirefox);
    expect(await alerts()).toEqual([]);
    await enter(safari);
    await enter(safari);
    const [alert, ...others] = await alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      template: "new-sign-in",
      subject: "New sign-in to your Sendwright account",
      caller: "system",
      recipients: [{ address: ada.email }],
    });
    const { text } = await opened.services.outbox.preview(alert?.id ?? "");
    expect(text).toContain("Safari (iPhone)");
    expect(text).toContain("https://mail.example.com/account");
  });

  it("is no news after a sign-out from a device that was used before", async () => {
    await saveConfig();
    await enter(firefox);
    await enter(safari);
    await opened.services.store.db.deleteFrom("sessions" as never).execute();
    await enter(firefox);
    expect(await alerts()).toHaveLength(1);
  });

  it("waits for no email where none can be sent, and fails nothing", async () => {
    await saveConfig({ enabled: false });
    await enter(firefox);
    await enter(safari);
    expect(await alerts()).toEqual([]);
  });

  it("is none where the password is wrong", async () => {
    await saveConfig();
    await enter(firefox);
    const wrong = { ...ada, password: "wrong" };
    const visitor = { address: "192.0.2.1", userAgent: safari, acceptLanguage: "" };
    await expect(signIn.signIn(wrong, visitor)).rejects.toMatchObject({ code: "auth.failed" });
    await signIn.drain();
    expect(await alerts()).toEqual([]);
  });
});
