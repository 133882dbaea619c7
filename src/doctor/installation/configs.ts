import { problemOf } from "../../config/open.ts";
import { isPosthornError } from "../../errors.ts";
import type { Secrets } from "../../secret/secrets.ts";
import type { Egress } from "../../smtp/egress.ts";
import type { SmtpConfig } from "../../store/smtp-configs.ts";
import { type Check, failed, ok, type Subject, warning } from "./check.ts";

/** Whether there is a config to send with, and how each of them is. */
export function checkConfigs(
  configs: readonly SmtpConfig[],
  secrets: Secrets,
  now: number,
): readonly Check[] {
  const any = { id: "configs.enabled", title: "In use" };
  const enabled = configs.filter((config) => config.enabled).length;
  if (configs.length === 0) {
    return [warning(any, "No SMTP config is saved: nothing can be sent.", "Save one on the settings page.")];
  }
  return [
    enabled === 0
      ? warning(
          any,
          "No SMTP config is switched on: nothing is sent.",
          "Switch one on, on the settings page.",
        )
      : ok(any, `${enabled} of ${configs.length}`),
    ...configs.map((config) => checkConfig(config, secrets, now)),
  ];
}

function checkConfig(config: SmtpConfig, secrets: Secrets, now: number): Check {
  const { id, name, enabled, smtpServer, smtpPort, lastTest, pausedUntil, pausedReason } = config;
  const subject = { id: `configs.${id}`, title: name };
  const problem = problemOf(config, secrets);
  if (problem !== null) {
    return failed(
      subject,
      `It cannot be used (${problem.code}).`,
      // The one sentence of the error names the thing and the remedy.
      problem.detail,
    );
  }
  const where = `${smtpServer}:${smtpPort}`;
  const tryIt = `\`posthorn test ${quotedForShell(name)}\` says what is wrong.`;
  if (!enabled) return ok(subject, `${where}, switched off`);
  if (pausedUntil !== null && pausedUntil > now) {
    const reason = pausedReason === null ? "" : `: ${pausedReason}`;
    return warning(
      subject,
      `Paused until ${new Date(pausedUntil).toISOString()}${reason}`,
      `${tryIt} A test that passes ends the pause.`,
    );
  }
  if (lastTest === null) return ok(subject, `${where}, never tested`);
  const at = new Date(lastTest.at).toISOString();
  if (lastTest.ok) return ok(subject, `${where}, test passed ${at}`);
  return warning(subject, `Its last test failed (${at}): ${lastTest.title ?? lastTest.stage}.`, tryIt);
}

/** How long the name service may take for one name. */
const lookupMs = 10_000;

/** Whether the servers' names are known, under the same rules as for sending. No connection is made. */
export async function checkNames(configs: readonly SmtpConfig[], egress: Egress): Promise<readonly Check[]> {
  const places = new Map<string, SmtpConfig>();
  for (const config of configs) {
    if (config.enabled) places.set(`${config.smtpServer}:${config.smtpPort}`, config);
  }
  return Promise.all(
    [...places.values()].map((config) =>
      checkName({ id: `names.${config.smtpServer}`, title: config.smtpServer }, config, egress),
    ),
  );
}

async function checkName(
  subject: Subject,
  { smtpServer, smtpPort }: SmtpConfig,
  egress: Egress,
): Promise<Check> {
  const remedy =
    "Check the spelling of the SMTP server, and the name service of this machine (`/etc/resolv.conf`).";
  try {
    const late = new Promise<null>((resolve) => setTimeout(resolve, lookupMs, null).unref());
    const addresses = await Promise.race([egress.resolve(smtpServer, smtpPort), late]);
    if (addresses === null) return failed(subject, "The name service does not answer.", remedy);
    return ok(subject, addresses.map(({ address }) => address).join(", "));
  } catch (error) {
    if (isPosthornError(error, "egress.refused")) {
      return failed(subject, error.message, "Enter another server, or see POSTHORN_EGRESS.");
    }
    if (!isPosthornError(error)) throw error;
    return failed(subject, error.message, remedy);
  }
}

/** Fit to be pasted. */
function quotedForShell(text: string): string {
  return /^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
