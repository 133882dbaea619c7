import { isSendwrightError } from "../../../core/errors.ts";
import { age, rfc3339 } from "../../../core/format.ts";
import type { Egress } from "../../../net/egress.ts";
import type { Secrets } from "../../../secret/secrets.ts";
import { problemOf } from "../../../smtp-configs/open.ts";
import { openBreakerAt } from "../../../store/tables/smtp-config-health.ts";
import type { SmtpConfig, SmtpSettings } from "../../../store/tables/smtp-configs.ts";
import { type Check, failed, ok, refused, type Subject, warning } from "./check.ts";

/** Whether there is a config to send with, and how each of them is. */
export function checkConfigs(
  configs: readonly SmtpConfig[],
  secrets: Secrets,
  now: number,
): readonly Check[] {
  const any = { id: "configs.enabled", title: "In use" };
  const enabled = configs.filter(({ settings }) => settings.enabled).length;
  if (configs.length === 0) {
    return [warning(any, "No SMTP config is saved, so no emails are sent.", "Add one on the settings page.")];
  }
  return [
    enabled === 0
      ? warning(
          any,
          "All SMTP configs are turned off, so no emails are sent.",
          "Turn one on, on the settings page.",
        )
      : ok(any, `${enabled} of ${configs.length}`),
    ...configs.map((config) => checkConfig(config, secrets, now)),
  ];
}

function checkConfig(config: SmtpConfig, secrets: Secrets, now: number): Check {
  const { name, enabled, smtpServer, smtpPort } = config.settings;
  const { lastTest } = config.health;
  const subject = { id: `configs.${config.id}`, title: name };
  const problem = problemOf(config, secrets);
  if (problem !== null) {
    if (!secrets.fits)
      return failed(subject, "The secret can't decrypt its password.", "Fix the secret first (see above).");
    return refused(subject, problem.detail);
  }
  const where = `${smtpServer}:${smtpPort}`;
  const tryIt = `Run \`sendwright test ${quotedForShell(name)}\` to find out why.`;
  if (!enabled) return ok(subject, `${where}, off`);
  const breaker = openBreakerAt(config.health, now);
  if (breaker !== null) {
    const reason = breaker.reason === null ? "" : `: ${breaker.reason}`;
    return warning(
      subject,
      `Paused until ${rfc3339(breaker.until)}${reason}`,
      `${tryIt} A passed test ends the pause.`,
    );
  }
  if (lastTest === null) return ok(subject, `${where}, never tested`);
  const ago = `${age(now - lastTest.at)} ago`;
  if (lastTest.ok) return ok(subject, `${where}, test passed ${ago}`);
  return warning(subject, `The last test failed ${ago}: ${lastTest.title ?? lastTest.stage}.`, tryIt);
}

/** How long the name service may take for one name. */
const lookupMs = 10_000;

/** Whether the servers' names are known, under the same rules as for sending. No connection is made. */
export async function checkNames(configs: readonly SmtpConfig[], egress: Egress): Promise<readonly Check[]> {
  const places = new Map<string, SmtpSettings>();
  for (const { settings } of configs) {
    if (settings.enabled) places.set(`${settings.smtpServer}:${settings.smtpPort}`, settings);
  }
  return Promise.all(
    [...places.values()].map((settings) =>
      checkName({ id: `names.${settings.smtpServer}`, title: settings.smtpServer }, settings, egress),
    ),
  );
}

async function checkName(
  subject: Subject,
  { smtpServer, smtpPort }: SmtpSettings,
  egress: Egress,
): Promise<Check> {
  try {
    const late = new Promise<null>((resolve) => setTimeout(resolve, lookupMs, null).unref());
    const resolution = await Promise.race([egress.resolve(smtpServer, smtpPort), late]);
    if (resolution === null)
      return failed(
        subject,
        "The name server doesn't respond.",
        "Check this machine's name servers (`/etc/resolv.conf`) and the firewall in between.",
      );
    return ok(subject, resolution.addresses.map(({ address }) => address).join(", "));
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return refused(subject, error.message);
  }
}

/** Fit to be pasted. */
function quotedForShell(text: string): string {
  return /^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
