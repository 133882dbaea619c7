import { expect } from "vitest";
import { startTestRelay } from "../../src/testing/test-relay.ts";
import { startAuthorizationServer } from "../support/authorization-server.ts";
import { test } from "./scene.ts";

const mailbox = "shop@example.com";

test("an admin connects a config with its provider, tests it, and disconnects it", async ({
  enter,
  product,
}) => {
  await using provider = await startAuthorizationServer();
  await using relay = await startTestRelay({
    auth: {
      username: mailbox,
      get password() {
        return provider.accessToken;
      },
    },
  });
  await product.call("POST", "/api/smtp-configs", {
    smtpServer: "127.0.0.1",
    smtpPort: relay.port,
    useTls: false,
    allowCleartextAuth: true,
    username: mailbox,
    password: null,
    authMethod: "oauth",
    fromEmail: mailbox,
  });
  const { page } = await enter("/settings/smtp");
  await page.getByText("Not connected").first().waitFor();
  const redirectUri = page.getByLabel("Redirect URI");
  await expect.poll(() => redirectUri.inputValue()).toBe(`${product.url}/oauth/callback`);

  await page.getByLabel("Authorization endpoint").fill(provider.authorizationEndpoint);
  await page.getByLabel("Token endpoint").fill(provider.tokenEndpoint);
  await page.getByLabel("Scopes").fill("smtp offline_access");
  await page.getByLabel("Client secret").fill(provider.client.clientSecret);
  await page.getByRole("button", { name: "Connect with the provider" }).click();
  await page.getByText("is required; copy it from the provider").waitFor();

  await page.getByLabel("Client ID").fill(provider.client.clientId);
  provider.denies = true;
  await page.getByRole("button", { name: "Connect with the provider" }).click();
  await page.getByText("Access was denied at The provider").waitFor();
  provider.denies = false;

  await page.getByRole("button", { name: "Connect with the provider" }).click();
  await page.getByText(`Connected with the provider for ${mailbox}`).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/settings\/smtp\/[\w-]+$/);
  expect(await page.getByLabel("Client secret").inputValue()).toBe("••••••••");
  expect(await page.content()).not.toContain(provider.client.clientSecret);

  await page.getByRole("button", { name: "Test Connection" }).click();
  await page.getByText(/^All steps passed/).waitFor();

  // Another destination: the consent goes first.
  await page.getByLabel("Username").fill("other@example.com");
  await page.getByRole("button", { name: "Test and save" }).click();
  await page.getByText("Disconnect, save and connect again.").waitFor();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Save Settings" }).click();
  await page.getByText(/^Saved/).waitFor();
});

test("Gmail is offered with Google's consent instead of a password", async ({ enter, product }) => {
  const { page } = await enter("/settings/smtp");
  await page
    .getByRole("radio", { name: "Gmail" })
    .or(page.getByRole("button", { name: "Gmail" }))
    .first()
    .click();
  await page.getByRole("button", { name: "Connect with Google instead of a password" }).click();
  expect(await page.getByLabel("OAuth provider").inputValue()).toBe("google");
  await page.getByLabel("Username").fill("jo@gmail.com");
  await page.getByLabel("From email").fill("jo@gmail.com");
  await page.getByLabel("Client ID").fill("id.apps.googleusercontent.com");
  await page.getByLabel("Client secret").fill("GOCSPX-1234");
  // Not to Google itself from here.
  const asked = page.waitForRequest((request) => request.url().startsWith("https://accounts.google.com/"));
  await page.route("https://accounts.google.com/**", (route) => route.fulfill({ body: "Google" }));
  await page.getByRole("button", { name: "Connect with Google" }).click();
  const { searchParams } = new URL((await asked).url());
  expect(Object.fromEntries(searchParams)).toMatchObject({
    scope: "https://mail.google.com/",
    access_type: "offline",
    prompt: "consent",
    login_hint: "jo@gmail.com",
    redirect_uri: `${product.url}/oauth/callback`,
  });
});
