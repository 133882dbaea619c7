import type { ErrorCode } from "../errors.ts";
import type { AuthMethod, TlsMode } from "../model.ts";
import type { SmtpConfig } from "../store/smtp-configs.ts";
import { passwordMask } from "./smtp-config.ts";

/** A config as the API and the page show it: never with its password. Times are RFC 3339. */
export interface SmtpConfigView {
  readonly id: string;
  readonly name: string;
  readonly position: number;
  readonly enabled: boolean;
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly username: string | null;
  /** The mask, or null where no password is saved. */
  readonly password: typeof passwordMask | null;
  readonly authMethod: AuthMethod;
  readonly allowCleartextAuth: boolean;
  readonly fromEmail: string;
  readonly fromName: string | null;
  readonly replyTo: string | null;
  readonly ehloName: string | null;
  readonly caPem: string | null;
  readonly maxConnections: number;
  readonly maxPerSecond: number | null;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly lastTest: LastTestView | null;
  readonly pausedUntil: string | null;
  readonly pausedReason: string | null;
  /** Why nothing can be sent with it until an admin mends it, or null. */
  readonly problem: ConfigProblem | null;
}

export interface LastTestView {
  readonly at: string;
  readonly ok: boolean;
  readonly stage: string | null;
  readonly title: string | null;
}

export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

export function viewOf(config: SmtpConfig, problem: ConfigProblem | null): SmtpConfigView {
  const { passwordEnc, seal: _seal, createdAt, updatedAt, lastTest, pausedUntil, ...shown } = config;
  return {
    ...shown,
    password: passwordEnc === null ? null : passwordMask,
    createdAt: rfc3339(createdAt),
    updatedAt: rfc3339(updatedAt),
    lastTest: lastTest === null ? null : { ...lastTest, at: rfc3339(lastTest.at) },
    pausedUntil: pausedUntil === null ? null : rfc3339(pausedUntil),
    problem,
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
