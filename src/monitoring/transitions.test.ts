import { describe, expect, test } from "vitest";
import type { AlertKind } from "../core/model.ts";
import type { Alert } from "../store/tables/alerts.ts";
import type { CheckFinding } from "./assess.ts";
import { transitionsOf } from "./transitions.ts";

const problem = (kind: AlertKind, given: { level?: number; isTransient?: boolean } = {}): CheckFinding => ({
  kind,
  status: "problem",
  title: "Wrong",
  explanation: "It is.",
  remedy: "Mend it.",
  level: 1,
  isTransient: false,
  ...given,
});
const ok = (kind: AlertKind): CheckFinding => ({ kind, status: "ok" });
const openAlert = (kind: AlertKind, level = 1): Alert => ({
  id: kind,
  configId: "1",
  configName: "Main",
  kind,
  level,
  title: "",
  explanation: "",
  remedy: "",
  raisedAt: 0,
  clearedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  emailDue: null,
});
const nothing = { raised: [], worsened: [], cleared: [], suspects: [] };

describe("what a check changes", () => {
  test("is nothing while all is well, or as it was", () => {
    expect(transitionsOf([], [ok("unreachable")], [])).toEqual(nothing);
    expect(transitionsOf([openAlert("tls_failed")], [problem("tls_failed")], [])).toEqual(nothing);
  });

  test("is a suspicion at first, where it may pass", () => {
    const found = [problem("unreachable", { isTransient: true })];
    expect(transitionsOf([], found, [])).toEqual({ ...nothing, suspects: ["unreachable"] });
    expect(transitionsOf([], found, ["unreachable"])).toEqual({ ...nothing, raised: found });
    // Another trouble is seen for the first time.
    expect(transitionsOf([], found, ["tls_failed"])).toEqual({ ...nothing, suspects: ["unreachable"] });
  });

  test("is told again only as it becomes more urgent", () => {
    const open = [openAlert("certificate_expiring", 2)];
    const at = (level: number) => transitionsOf(open, [problem("certificate_expiring", { level })], []);
    expect(at(1)).toEqual(nothing);
    expect(at(2)).toEqual(nothing);
    expect(at(3).worsened).toMatchObject([{ alert: open[0], now: { level: 3 } }]);
  });

  test("ends only what it has seen to be over", () => {
    const open = [openAlert("sign_in_failed"), openAlert("dmarc_broken")];
    expect(transitionsOf(open, [ok("sign_in_failed")], []).cleared).toEqual([open[0]]);
    expect(transitionsOf(open, [problem("unreachable", { isTransient: true })], []).cleared).toEqual([]);
  });
});
