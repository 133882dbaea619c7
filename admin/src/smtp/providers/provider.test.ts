import { describe, expect, test } from "vitest";
import { providerView } from "../../../../src/http/resources/views.ts";
import { listProviders } from "../../../../src/providers/catalog.ts";
import { emptyForm } from "../form/form.ts";
import { providerOf, withFound, withProvider } from "./provider.ts";

const providers = listProviders({ host: "127.0.0.1", port: 4651 }).map(providerView);
const provider = (id: string) => providers.find((each) => each.id === id) ?? null;
const choose = (id: string, form = emptyForm, saved = emptyForm) =>
  withProvider(form, saved, providers, provider(id));

describe("whose server it is", () => {
  test.each([
    ["smtp.gmail.com", "587", "gmail"],
    ["SMTP.Gmail.com. ", "465", "gmail"],
    ["email-smtp.eu-west-1.amazonaws.com", "587", "amazon-ses"],
    ["smtp.eu.mailgun.org", "587", "mailgun"],
    ["127.0.0.1", "4651", "sandbox"],
  ])("%s:%s is of %s", (smtpServer, smtpPort, id) => {
    expect(providerOf(providers, { ...emptyForm, smtpServer, smtpPort })?.id).toBe(id);
  });

  test.each([
    ["", "587"],
    ["mail.example.com", "587"],
    ["smtp.gmail.com.example.com", "587"],
    ["127.0.0.1", "25"],
  ])("%s:%s is of none", (smtpServer, smtpPort) => {
    expect(providerOf(providers, { ...emptyForm, smtpServer, smtpPort })).toBeNull();
  });
});

describe("choosing a provider", () => {
  test("fills in server, port, TLS and a username that everybody has", () => {
    expect(choose("sendgrid")).toEqual({
      ...emptyForm,
      smtpServer: "smtp.sendgrid.net",
      smtpPort: "587",
      username: "apikey",
    });
    expect(choose("fastmail")).toMatchObject({ smtpServer: "smtp.fastmail.com", smtpPort: "465" });
  });

  test("takes back what belonged to another one, and keeps what is one's own", () => {
    const form = { ...choose("sendgrid"), fromEmail: "shop@example.org", fromName: "Shop", caPem: "PEM" };
    expect(choose("gmail", form)).toMatchObject({
      smtpServer: "smtp.gmail.com",
      username: "",
      caPem: "",
      fromEmail: "shop@example.org",
      fromName: "Shop",
    });
  });

  test("of the sandbox fills in everything, with a sender where there is none", () => {
    const form = choose("sandbox");
    expect(form).toMatchObject({ smtpServer: "127.0.0.1", smtpPort: "4651", useTls: false, username: "" });
    expect(form.fromEmail).toBe("sendwright@example.com");
    expect(choose("gmail", form).fromEmail).toBe("");
    expect(choose("sandbox", { ...emptyForm, fromEmail: "shop@example.org" }).fromEmail).toBe(
      "shop@example.org",
    );
  });

  test("brings back what is saved where it is the provider of the saved config", () => {
    const saved = {
      ...choose("gmail"),
      smtpPort: "465",
      username: "jo@gmail.com",
      fromEmail: "jo@gmail.com",
    };
    const moved = choose("sendgrid", saved, saved);
    expect(moved).toMatchObject({ username: "apikey", smtpPort: "587" });
    expect(choose("gmail", moved, saved)).toEqual(saved);
  });

  test("of another server empties the server, or brings back the saved one", () => {
    expect(withProvider(choose("sandbox"), emptyForm, providers, null)).toEqual(emptyForm);
    const saved = {
      ...emptyForm,
      smtpServer: "mail.example.com",
      smtpPort: "25",
      fromEmail: "a@example.com",
    };
    expect(withProvider(choose("gmail", saved, saved), saved, providers, null)).toEqual(saved);
  });
});

describe("the limits of a provider", () => {
  test("come with it, and go with it", () => {
    const gmail = choose("gmail");
    expect(gmail.maxPerDay).toBe("500");
    const office = choose("microsoft-365", gmail);
    expect(office).toMatchObject({ maxPerMinute: "30", maxPerDay: "", maxRecipientsPerDay: "10000" });
    expect(withProvider(office, emptyForm, providers, null)).toEqual(emptyForm);
  });

  test("leave what was entered", () => {
    expect(choose("gmail", { ...emptyForm, maxPerDay: "100" }).maxPerDay).toBe("100");
    const raised = { ...choose("gmail"), maxPerDay: "2000" };
    expect(choose("microsoft-365", raised)).toMatchObject({ maxPerDay: "2000", maxPerMinute: "30" });
  });

  test("are those of the saved config where it is the provider of that", () => {
    const saved = { ...choose("gmail"), maxPerDay: "2000", maxPerHour: "50" };
    const moved = choose("icloud", { ...saved, maxPerDay: "", maxPerHour: "" }, saved);
    expect(moved).toMatchObject({ maxPerDay: "1000", maxPerHour: "" });
    expect(choose("gmail", moved, saved)).toMatchObject({ maxPerDay: "2000", maxPerHour: "50" });
  });

  test("stay empty where they depend on the plan", () => {
    expect(choose("brevo")).toMatchObject({ maxPerDay: "", maxPerSecond: "" });
  });
});

describe("settings that were found for an address", () => {
  const found = {
    source: "srv",
    provider: null,
    smtpServer: "mail.example.com",
    smtpPort: 465,
    useTls: true,
    tlsMode: "auto",
    username: "jo@example.com",
    usernameHint: "",
    passwordHint: "",
    helpUrl: null,
    verified: true,
    detail: "",
  } as const;
  const filled = {
    smtpServer: "mail.example.com",
    smtpPort: "465",
    useTls: true,
    username: "jo@example.com",
  };

  test("fill in server, port, TLS, username and sender", () => {
    expect(withFound(emptyForm, providers, found, "jo@example.com")).toEqual({
      ...emptyForm,
      ...filled,
      fromEmail: "jo@example.com",
    });
  });

  test("keep a sender of one's own, but not that of the sandbox", () => {
    const own = { ...emptyForm, fromEmail: "shop@example.com", fromName: "Shop" };
    expect(withFound(own, providers, found, "jo@example.com")).toEqual({ ...own, ...filled });
    expect(withFound(choose("sandbox"), providers, found, "jo@example.com")).toMatchObject({
      ...filled,
      fromEmail: "jo@example.com",
    });
  });

  test("bring the limits of their provider, unless those are another plan's", () => {
    const gmail = { ...found, provider: "gmail", smtpServer: "smtp.gmail.com" };
    const limitOf = (source: "catalogue" | "mx") =>
      withFound(emptyForm, providers, { ...gmail, source }, "jo@example.com").maxPerDay;
    expect([limitOf("catalogue"), limitOf("mx")]).toEqual(["500", ""]);
    const office = { ...found, provider: "microsoft-365", source: "mx" } as const;
    expect(withFound(emptyForm, providers, office, "jo@example.com").maxPerMinute).toBe("30");
  });

  test("leave the username open where it is not made of the address", () => {
    expect(withFound(emptyForm, providers, { ...found, username: null }, "jo@example.com").username).toBe("");
  });
});
