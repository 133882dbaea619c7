import { describe, expect, test } from "vitest";
import { type GivenConfig, smtpConfigSummary } from "../../test/support/smtp-config.ts";
import type { AlertKind } from "../core/model.ts";
import type { Alert } from "../store/tables/alerts.ts";
import { canSend } from "./alert-emails.ts";

const now = 1_000;
const config = (id: string, given: GivenConfig = {}) => smtpConfigSummary({ id, ...given });
const off = { settings: { enabled: false } };
const pausedNow: GivenConfig = {
  health: { breaker: { state: "open", until: now + 1, reason: null, failures: 1, needsAdmin: false } },
};
const alert = (kind: AlertKind, emailDue: Alert["emailDue"] = "raised"): Alert => ({
  id: "1",
  configId: "troubled",
  configName: "Main",
  kind,
  level: 1,
  title: "",
  explanation: "",
  remedy: "",
  raisedAt: 0,
  clearedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  emailDue,
});
const troubled = config("troubled");
const spare = config("spare");

describe("an email about trouble", () => {
  test("goes through the troubled config itself where that still sends", () => {
    expect(canSend(alert("certificate_expiring"), [troubled], now)).toBe(true);
    expect(canSend(alert("dmarc_broken"), [troubled], now)).toBe(true);
  });

  test("needs another config that works where it does not", () => {
    for (const kind of ["unusable", "unreachable", "tls_failed", "sign_in_failed"] as const) {
      expect(canSend(alert(kind), [troubled], now)).toBe(false);
      expect(canSend(alert(kind), [troubled, spare], now)).toBe(true);
      expect(canSend(alert(kind), [troubled, config("spare", off)], now)).toBe(false);
      expect(canSend(alert(kind), [troubled, config("spare", pausedNow)], now)).toBe(false);
    }
  });

  test("does not go where mail would go through the config whose sender is refused", () => {
    expect(canSend(alert("sender_refused"), [spare, troubled], now)).toBe(true);
    expect(canSend(alert("sender_refused"), [troubled, spare], now)).toBe(false);
  });

  test("that is over goes through whatever works", () => {
    expect(canSend(alert("sign_in_failed", "cleared"), [troubled], now)).toBe(true);
    expect(canSend(alert("sign_in_failed", "cleared"), [config("troubled", off)], now)).toBe(false);
  });
});
