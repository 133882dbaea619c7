import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { documentedOptions } from "../../src/core/environment.ts";
import type { Me } from "../../src/http/schema/accounts.ts";
import type { Email } from "../../src/http/schema/emails.ts";
import { startTestRelay } from "../../src/testing/index.ts";
import { emailOnce, postEmail, saveConfig } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

async function post(
  service: Service,
  path: string,
  body: unknown,
): Promise<{ status: number; cookie: string }> {
  const response = await fetch(service.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return { status: response.status, cookie: response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "" };
}

describe("sendwright", () => {
  it("lists its commands and its variables under --help", async () => {
    const { code, stdout } = await folder.run(["--help"]);
    expect(code).toBe(0);
    for (const command of ["start", "test", "doctor", "rotate", "admin", "generate-secret"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    }
    for (const { env, doc } of documentedOptions) {
      expect(stdout).toContain(env);
      expect(stdout).toContain(doc);
    }
  });

  it("tells its version", async () => {
    expect(await folder.run(["--version"])).toEqual({
      code: 0,
      stdout: `${packageJson.version}\n`,
      stderr: "",
    });
  });

  it("refuses a command or an option that it does not know", async () => {
    for (const args of [["strat"], ["start", "--port", "1"], ["rotate", "--dryrun"]]) {
      const { code, stdout, stderr } = await folder.run(args);
      expect([args, code, stdout]).toEqual([args, 1, ""]);
      expect(stderr).toMatch(/^error: .*\n/);
    }
  });

  it("names every wrong variable at once, and makes nothing", async () => {
    const wrong = {
      SENDWRIGHT_PORT: "25abc",
      SENDWRIGHT_SANDBOX_PORT: "65536",
      SENDWRIGHT_PUBLIC_URL: "mail.example.com",
      SENDWRIGHT_API_KEY: "short",
      SENDWRIGHT_EGRESS: "everything",
      SENDWRIGHT_LOG_LEVEL: "loud",
      SENDWRIGHT_SECRET_FILE: "/nowhere/secret",
    };
    const { code, stdout, stderr } = await folder.run(["start"], wrong);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    for (const name of Object.keys(wrong)) expect(stderr).toContain(name);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("warns of a variable that means nothing", async () => {
    const service = await folder.start({ SENDWRIGHT_PROT: "1" });
    expect(service.stdout).toContain('"variable":"SENDWRIGHT_PROT"');
  });
});

describe("sendwright start", () => {
  it("refuses a folder that another server serves, in one line", async () => {
    const first = await folder.start();
    const { code, stdout, stderr } = await folder.run(["start"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^sendwright: Another Sendwright .*SENDWRIGHT_DATA_DIR.*\n$/);
    expect((await first.call("GET", "/api/ready")).status).toBe(200);
    // kill -9 leaves nothing behind that would keep the next one out.
    await first.end("SIGKILL");
    await folder.start();
  });

  it.each(["SENDWRIGHT_PORT", "SENDWRIGHT_SANDBOX_PORT"])(
    "says in one line that %s is taken",
    async (variable) => {
      await using taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? String(address.port) : "";
      const { code, stderr } = await folder.run(["start"], { [variable]: port });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^sendwright: .*${port}.*${variable}.*\\n$`));
    },
  );

  it("makes the first admin from the environment, and only the first", async () => {
    const admin = { email: "Ada@Example.com", password: "a long sentence" };
    const env = { SENDWRIGHT_ADMIN_EMAIL: admin.email, SENDWRIGHT_ADMIN_PASSWORD: admin.password };
    let service = await folder.start(env);
    expect((await post(service, "/api/auth/sign-in/email", admin)).status).toBe(200);
    expect(service.stderr).not.toContain("#token=");
    expect(folder.output.join("")).not.toContain(admin.password);
    await service.end("SIGTERM");

    service = await folder.start({ ...env, SENDWRIGHT_ADMIN_PASSWORD: "another long sentence" });
    expect((await post(service, "/api/auth/sign-in/email", admin)).status).toBe(200);
  });

  it("names the variable of a first admin who could not sign in", async () => {
    const admin = { SENDWRIGHT_ADMIN_EMAIL: "ada@example.com", SENDWRIGHT_ADMIN_PASSWORD: "a long sentence" };
    for (const [env, name] of [
      [{ ...admin, SENDWRIGHT_ADMIN_EMAIL: "ada" }, "SENDWRIGHT_ADMIN_EMAIL"],
      [{ ...admin, SENDWRIGHT_ADMIN_PASSWORD: "short" }, "SENDWRIGHT_ADMIN_PASSWORD"],
      [{ SENDWRIGHT_ADMIN_EMAIL: admin.SENDWRIGHT_ADMIN_EMAIL }, "SENDWRIGHT_ADMIN_PASSWORD"],
    ] as const) {
      const { code, stderr } = await folder.run(["start"], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^sendwright: .*${name}.*\\n$`));
    }
  });

  it("prints the first admin's link to the terminal, never to the log; it works once", async () => {
    const service = await folder.start();
    // The welcome follows the line in the log.
    while (!service.stderr.includes("#token=")) await once(service.process.stderr!, "data");
    const link = /http\S+#token=(\S+)/.exec(service.stderr);
    const [url = "", token = ""] = link ?? [];
    expect(url.startsWith(`${service.url}/first-admin#`)).toBe(true);
    expect(service.stdout).not.toContain(token);
    const admin = { token, email: "ada@example.com", password: "a long sentence" };
    expect((await post(service, "/api/first-admin", { ...admin, token: "wrong" })).status).toBe(403);
    const { status, cookie } = await post(service, "/api/first-admin", admin);
    expect(status).toBe(200);
    const me = (await (await fetch(`${service.url}/api/me`, { headers: { cookie } })).json()) as Me;
    expect(me).toMatchObject({ email: admin.email, scope: "admin", via: "session" });
    expect((await post(service, "/api/first-admin", admin)).status).toBe(403);
  });
});

describe("sendwright admin reset", () => {
  it("prints a link beside the running server that gives an admin a new password, once", async () => {
    const env = {
      SENDWRIGHT_ADMIN_EMAIL: "ada@example.com",
      SENDWRIGHT_ADMIN_PASSWORD: "a forgotten sentence",
    };
    const service = await folder.start(env);
    const old = await post(service, "/api/auth/sign-in/email", {
      email: env.SENDWRIGHT_ADMIN_EMAIL,
      password: env.SENDWRIGHT_ADMIN_PASSWORD,
    });
    const first = await folder.run(["admin", "reset"], {
      SENDWRIGHT_PUBLIC_URL: "https://mail.example.com/sendwright",
    });
    const second = await folder.run(["admin", "reset"], { SENDWRIGHT_PUBLIC_URL: service.url });
    expect([first.code, second.code, first.stderr, second.stderr]).toEqual([0, 0, "", ""]);
    expect(first.stdout).toContain("https://mail.example.com/sendwright/first-admin#token=");
    const [replaced, token] = [first, second].map(({ stdout }) => /#token=(\S+)/.exec(stdout)?.[1]);

    const reset = { email: env.SENDWRIGHT_ADMIN_EMAIL, password: "a remembered sentence" };
    expect((await post(service, "/api/first-admin", { ...reset, token: replaced })).status).toBe(403);
    expect((await post(service, "/api/first-admin", { ...reset, token })).status).toBe(200);
    expect((await post(service, "/api/first-admin", { ...reset, token })).status).toBe(403);
    expect((await post(service, "/api/auth/sign-in/email", reset)).status).toBe(200);
    const withOld = await fetch(`${service.url}/api/me`, { headers: { cookie: old.cookie } });
    expect(withOld.status).toBe(401);
    await withOld.body?.cancel();
  });
});

describe("SIGTERM", () => {
  it("lets what is between MAIL and the reply end, takes no more, and ends with 0", async () => {
    const atDot = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    await using relay = await startTestRelay({
      onDot: () => {
        atDot.resolve();
        return answer.promise;
      },
    });
    let service = await folder.start();
    await saveConfig(service, relay, { maxConnections: 1 });
    const { id } = await postEmail(service);
    await atDot.promise;
    const { id: waiting } = await postEmail(service);
    const ended = service.end("SIGTERM");
    await service.line((line) => (line.includes('"msg":"stopping"') ? true : undefined));
    await refusesConnections(service.url);
    expect(service.process.exitCode).toBeNull();
    answer.resolve(undefined);
    expect(await ended).toMatchObject({ code: 0 });
    expect(relay.messages).toHaveLength(1);

    service = await folder.start();
    const email = (await service.call<Email>("GET", `/api/emails/${id}`)).body;
    expect(email).toMatchObject({ state: "sent", possibleDuplicate: false, attempts: [{ outcome: "sent" }] });
    await emailOnce(service, waiting, ({ state }) => state === "sent");
    expect(relay.messages).toHaveLength(2);
  });

  it("does not wait for ever for a relay that does not answer", { timeout: 60_000 }, async () => {
    const atDot = Promise.withResolvers<void>();
    await using relay = await startTestRelay({
      onDot: () => {
        atDot.resolve();
        return new Promise(() => {});
      },
    });
    const service = await folder.start();
    await saveConfig(service, relay);
    await postEmail(service, { onUnknown: "hold" });
    await atDot.promise;
    const begun = performance.now();
    expect(await service.end("SIGTERM")).toMatchObject({ code: 0 });
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  it("ends at once when it comes twice", async () => {
    const atMail = Promise.withResolvers<void>();
    await using relay = await startTestRelay({
      onMail: () => {
        atMail.resolve();
        return new Promise(() => {});
      },
    });
    const service = await folder.start();
    await saveConfig(service, relay);
    await postEmail(service);
    await atMail.promise;
    service.process.kill("SIGTERM");
    await service.line((line) => (line.includes('"msg":"stopping"') ? true : undefined));
    const begun = performance.now();
    expect(await service.end("SIGTERM")).toMatchObject({ code: 1 });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("leaves only what belongs to it in the data folder", async () => {
    await (await folder.start()).end("SIGTERM");
    expect(readdirSync(folder.path)).toEqual(["data"]);
    expect(readdirSync(join(folder.path, "data")).sort()).toEqual([
      "sendwright.db",
      "sendwright.key",
      "sendwright.lock",
    ]);
  });
});

async function refusesConnections(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { headers: { connection: "close" } }).catch(() => null);
    if (response === null) return;
    await response.body?.cancel();
  }
}
