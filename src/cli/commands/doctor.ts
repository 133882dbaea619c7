import { systemClock } from "../../core/clock.ts";
import { type Environment, readEnvironment } from "../../core/environment.ts";
import { isSendwrightError } from "../../core/errors.ts";
import { makeBundle, writeBundle } from "../doctor/bundle.ts";
import type { Check } from "../doctor/checks/check.ts";
import { checkNode, checkRefused } from "../doctor/environment.ts";
import { type Examination, examine } from "../doctor/examine.ts";
import { printChecks } from "../doctor/print.ts";
import { standardOutput } from "../terminal.ts";
import { version } from "../version.ts";

export interface DoctorFlags {
  readonly json?: boolean;
  readonly bundle?: string;
}

/**
 * Looks the installation through, and says what is wrong and what repairs it. It changes nothing.
 * @returns the exit code: 0 where nothing failed, 1 otherwise.
 * @throws SendwrightError `input.invalid` for a bundle that cannot be written.
 */
export async function doctorCommand({ json = false, bundle }: DoctorFlags): Promise<number> {
  const { environment, refused } = readOrRefuse();
  const examination: Examination =
    environment === null
      ? { checks: [checkNode(process.versions.node), ...refused], store: null, secrets: null, configs: [] }
      : await examine(environment, systemClock);
  const { checks, store } = examination;
  const isWell = checks.every(({ status }) => status !== "failed");
  try {
    if (json) {
      console.log(JSON.stringify({ ok: isWell, version: version(), checks }, null, 2));
    } else {
      printChecks(checks, `Sendwright ${version()}`, standardOutput());
    }
    if (bundle !== undefined) {
      writeBundle(
        bundle,
        await makeBundle({ environment, examination, version: version(), clock: systemClock }),
      );
      console.error(
        `\nSaved ${bundle} with this report, the settings and the latest failures. Secrets are left out and addresses masked. Check it before you share it.`,
      );
    }
  } finally {
    await store?.close();
  }
  return isWell ? 0 : 1;
}

/** Wrong variables are findings too. */
function readOrRefuse(): { environment: Environment | null; refused: readonly Check[] } {
  try {
    return { environment: readEnvironment(), refused: [] };
  } catch (error) {
    if (!isSendwrightError(error, "input.invalid")) throw error;
    return { environment: null, refused: checkRefused(error.issues) };
  }
}
