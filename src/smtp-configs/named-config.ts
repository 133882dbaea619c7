import { SendwrightError } from "../core/errors.ts";
import { invalidInput } from "../core/parse.ts";

interface Named {
  readonly id: string;
  readonly settings: { readonly name: string };
}

/**
 * The config that a request names by its id or, as it is written, by its name.
 * @param pointer where the request names it.
 * @throws SendwrightError `config.not_found`; `input.invalid` if several have the name, with their ids
 */
export function findNamedConfig<Config extends Named>(
  configs: readonly Config[],
  nameOrId: string,
  pointer = "/config",
): Config {
  const byId = configs.find(({ id }) => id === nameOrId);
  if (byId !== undefined) return byId;
  const [found, ...others] = configs.filter(({ settings }) => settings.name === nameOrId);
  if (found === undefined) {
    const detail = `SMTP config ${JSON.stringify(nameOrId)} not found.`;
    throw new SendwrightError("config.not_found", detail, {
      issues: [{ pointer, detail: "must be the name or ID of an SMTP config" }],
    });
  }
  if (others.length === 0) return found;
  const ids = [found, ...others].map(({ id }) => id).join(", ");
  throw invalidInput([
    { pointer, detail: `is the name of ${others.length + 1} SMTP configs: use an ID instead (${ids})` },
  ]);
}
