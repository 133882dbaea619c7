import type { SmtpConfig } from "../../src/store/tables/smtp-configs.ts";

/** A config as the database holds it, without a password and with no seal; a test names what is different. */
export function smtpConfig(given: Partial<SmtpConfig> = {}): SmtpConfig {
  return {
    id: "config-1",
    name: "relay",
    position: 0,
    enabled: true,
    smtpServer: "smtp.example.com",
    smtpPort: 587,
    useTls: true,
    tlsMode: "auto",
    username: null,
    passwordEnc: null,
    authMethod: "auto",
    allowCleartextAuth: false,
    fromEmail: "shop@example.com",
    fromName: null,
    replyTo: null,
    ehloName: null,
    caPem: null,
    maxConnections: 5,
    maxPerSecond: null,
    seal: "",
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    updatedBy: "user:1",
    lastTest: null,
    pausedUntil: null,
    pausedReason: null,
    failures: 0,
    provenVersion: null,
    faultyVersion: null,
    ...given,
  };
}
