import { type ConfigSource, createConfigSource } from "./config/config-source.ts";
import { createEnvironmentConfig } from "./config/environment-config.ts";
import type { AccessTokens } from "./config/oauth/access-tokens.ts";
import type { SavingParts } from "./config/saving.ts";
import type { SmtpConfigCreate } from "./config/smtp-config.ts";
import { createSmtpConfigs, type SmtpConfigs } from "./config/smtp-configs.ts";
import { createStagedChanges, type StagedChanges } from "./config/staged-changes.ts";

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
