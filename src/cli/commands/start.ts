import type { Environment, ServerOptions } from "../../core/environment.ts";
import { SendwrightError } from "../../core/errors.ts";
import { createLog, type Log } from "../../core/log.ts";
import { ruleSentence } from "../../guard/rule.ts";
import { type Standalone, startStandalone } from "../../http/standalone.ts";
import { openServices, type Services } from "../../services.ts";
import { prepareDataFolder } from "../data-folder.ts";
import { environmentSmtp } from "../environment-smtp.ts";
import { databaseOf, findSecret, parsePreviousSecrets } from "../secret-source.ts";

/** Serves until a signal stops it. Returns once it serves: the sockets keep the process alive. */
export async function startCommand({ options, unknown, serviceLinks }: Environment): Promise<undefined> {
  const log = createLog(options.logLevel);
  if (serviceLinks.length > 0) {
    log.warn(
      { variables: serviceLinks },
      "Kubernetes service variables ignored; set enableServiceLinks: false",
    );
  }
  for (const name of unknown) log.warn({ variable: name }, "unknown environment variable ignored");

  const previousSecrets = parsePreviousSecrets(options.previousSecrets);
  // With PostgreSQL a node keeps no files.
  if (options.databaseUrl === undefined) prepareDataFolder(options.dataDir);
  const { secret, createdFile } = findSecret(options);
  if (createdFile !== null) {
    log.warn({ file: createdFile }, "encryption key created; back up this file");
  }
  const services = await openServices({
    database: databaseOf(options),
    secret,
    previousSecrets,
    smtp: environmentSmtp(options),
    egress: options.egress,
    ...(options.dnsServers === undefined ? {} : { dnsServers: options.dnsServers }),
    publicUrl: options.publicUrl,
    memory: options.memory,
    queueLimit: options.queueLimit,
    minFreeDisk: options.minFreeDisk,
    sandboxPort: options.sandboxPort === 0 ? null : options.sandboxPort,
    recipients: options.recipients,
    log,
  });
  let server: Standalone;
  try {
    server = await startStandalone(services, {
      host: options.host,
      port: options.port,
      keepAliveMs: options.keepAlive * 1_000,
      publicUrl: options.publicUrl,
      apiKey: options.apiKey,
      firstAdmin: firstAdmin(options),
    });
  } catch (error) {
    await services.close();
    throw error;
  }
  stopOnSignal(server, services, log);
  log.info({ url: server.publicUrl }, "Sendwright is ready");
  // To the terminal, past the log: the link lets its holder in.
  process.stderr.write(welcome(server, services));
  return undefined;
}

function firstAdmin({ adminEmail, adminPassword }: ServerOptions) {
  if (adminEmail !== undefined && adminPassword !== undefined)
    return { email: adminEmail, password: adminPassword };
  if (adminEmail === undefined && adminPassword === undefined) return undefined;
  throw new SendwrightError(
    "input.invalid",
    "Set both SENDWRIGHT_ADMIN_EMAIL and SENDWRIGHT_ADMIN_PASSWORD, or neither.",
  );
}

/** How long what is between MAIL and the last reply may take to end. */
const stopMs = 10_000;

/** The first signal lets what is under way end; the second one does not wait. */
function stopOnSignal(server: Standalone, services: Services, log: Log): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    // Requests under way still need the database; what they bring is delivered after the next start.
    void Promise.all([server.close(), services.worker.stop(stopMs)])
      .then(() => services.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "stopping failed");
          process.exit(1);
        },
      );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

function welcome({ publicUrl, firstAdminLink }: Standalone, { sandbox, guard }: Services): string {
  const base = publicUrl.replace(/\/$/, "");
  const rule = ruleSentence(guard.rule);
  const restricted = rule === null ? [] : [["Mail", rule] as const];
  const lines = [
    ["Settings", `${base}/settings/smtp`],
    ["API docs", `${base}/api/docs`],
    [
      "Sandbox",
      sandbox === null ? "off" : `${base}/sandbox, receives emails at smtp://${sandbox.host}:${sandbox.port}`,
    ],
    ...restricted,
  ].map(([name, value]) => `  ${`${name}:`.padEnd(11)}${value}`);
  const first =
    firstAdminLink === null
      ? []
      : ["", "  Open this link to create the first admin. It can be used once:", `  ${firstAdminLink}`];
  return ["", "Sendwright is ready.", "", ...lines, ...first, "", ""].join("\n");
}
