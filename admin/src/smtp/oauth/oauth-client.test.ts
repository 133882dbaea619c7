import { expect, test } from "vitest";
import type { SmtpConfig } from "../../api/types.ts";
import { oauthBodyOf, oauthFormOf, providerAt } from "./oauth-client.ts";

test("a saved client comes back as it was, with its secret kept", () => {
  const saved: SmtpConfig["oauth"] = {
    provider: "microsoft",
    tenant: "contoso.com",
    clientId: "id",
    clientSecret: "********",
    clientSecretExpiresAt: "2027-01-31T00:00:00.000Z",
    authorizationEndpoint: null,
    tokenEndpoint: null,
    scope: null,
    connectedAt: null,
    connectedBy: null,
    expiresAt: null,
    accessExpiresAt: null,
    consentError: null,
  };
  expect(oauthBodyOf(oauthFormOf(saved, "smtp.example.com"))).toEqual({
    provider: "microsoft",
    tenant: "contoso.com",
    clientId: "id",
    clientSecret: "********",
    clientSecretExpiresAt: "2027-01-31T00:00:00Z",
    authorizationEndpoint: null,
    tokenEndpoint: null,
    scope: null,
  });
});

test("what belongs to another provider is not sent, and an empty secret is none", () => {
  const form = {
    ...oauthFormOf(null, "smtp.gmail.com"),
    tenant: "contoso",
    tokenEndpoint: "https://x.example",
  };
  expect(oauthBodyOf(form)).toMatchObject({
    provider: "google",
    tenant: null,
    tokenEndpoint: null,
    clientSecret: null,
  });
});

test("the server says whose sign-in it is", () => {
  expect(providerAt("SMTP.gmail.com.")).toBe("google");
  expect(providerAt("smtp.office365.com")).toBe("microsoft");
  expect(providerAt("smtp.example.com")).toBe("custom");
});
