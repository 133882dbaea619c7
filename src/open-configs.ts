import { createEnvironmentConfig } from "./smtp-configs/environment-config.ts";
import type { AccessTokens } from "./smtp-configs/oauth/access-tokens.ts";
import { type ConfigSource, createConfigSource } from "./smtp-configs/repository.ts";
import type { SavingParts } from "./smtp-configs/saving.ts";
import type { SmtpConfigCreate } from "./smtp-configs/settings.ts";
import { createSmtpConfigs, type SmtpConfigs } from "./smtp-configs/smtp-configs.ts";
import { createStagedChanges, type StagedChanges } from "./smtp-configs/versions/drafts.ts";

/** The SMTP configs of a database: where they come from, how they are changed, and how in stages. */
export interface OpenConfigs {
  readonly configSource: ConfigSource;
  readonly configs: SmtpConfigs;
  readonly stagedChanges: StagedChanges;
}

export interface OpenConfigsParts extends SavingParts {
  /** The config that the environment sets, if it sets one. */
  readonly smtp?: SmtpConfigCreate | null;
  /** Without them no config can sign in with OAuth. */
  readonly accessTokens?: AccessTokens;
}

export function openConfigs({ smtp = null, accessTokens, ...parts }: OpenConfigsParts): OpenConfigs {
  const configSource = createConfigSource(smtp === null ? null : createEnvironmentConfig(smtp, parts));
  return {
    configSource,
    configs: createSmtpConfigs({ ...parts, source: configSource, accessTokens }),
    stagedChanges: createStagedChanges(parts),
  };
}
